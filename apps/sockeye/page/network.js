// The browser's own network, as a connection needs it: sockets of each transport, timers, and whether the server answers.

import { SockJs } from "./sockjs.js";

/** How long the server may take to say that it is there, in milliseconds. */
const ASK_TIME = 5000;

/**
 * @typedef {import("./ladder.js").Transport} Transport
 * @typedef {import("./sockjs.js").Socket} Socket
 */

/**
 * @param {string} endpoint the URL of the endpoint, over HTTP
 * @param {() => string} newId makes an id that nobody guesses
 * @returns {import("./connection.js").Surroundings}
 */
export function network(endpoint, newId) {
  const timers = {
    setTimer: (/** @type {() => void} */ run, /** @type {number} */ ms) => Number(setTimeout(run, ms)),
    clearTimer: (/** @type {number} */ timer) => clearTimeout(timer),
  };
  const http = {
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) => fetch(url, init),
    // Firefox gives up other requests of a page that is left.
    beacon: (/** @type {string} */ url, /** @type {string} */ body) => navigator.sendBeacon(url, body),
    eventSource: (/** @type {string} */ url) => new EventSource(url),
  };
  return {
    ...timers,
    connect: (transport) =>
      transport === "websocket" ? webSocket(endpoint) : new SockJs(endpoint, transport, { ...timers, ...http, newId }),
    ask: () => ask(endpoint),
    chance: Math.random,
    now: () => performance.now(),
    date: Date.now,
  };
}

/** @param {string} endpoint */
function webSocket(endpoint) {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  return socket;
}

/**
 * Asks for what SockJS says of itself.
 * @param {string} endpoint
 * @returns {Promise<"there" | "unreachable">} a server without SockJS offers nothing else to try, and counts as unreachable
 */
async function ask(endpoint) {
  try {
    const response = await fetch(`${endpoint}/info`, { cache: "no-store", signal: AbortSignal.timeout(ASK_TIME) });
    return response.ok && typeof (await response.json())?.entropy === "number" ? "there" : "unreachable";
  } catch {
    return "unreachable";
  }
}
