// A better transport beside the one that carries: it takes over once both have heard the same, so that nothing is lost
// and nothing heard twice.
//
//            opened              both heard the same
//   opening --------> listening ---------------------> over: it takes over
//      |                  |
//      +------------------+--> over: it failed, or took too long
//
// Everyone in the room hears the same in the same order; the one transport is only later than the other. Where the two
// are seen to differ, nothing takes over.

import { Timer } from "./timer.js";

/** How long it may take, in milliseconds: a few signs of life of this page's own. */
export const CLIMB_TIME = 60_000;
/** How many messages are kept of each, to be compared. */
export const MOST_KEPT = 200;
/** How large they may be together, in bytes or letters. */
export const MOST_BYTES = 8 * 1024 * 1024;

/**
 * @typedef {import("./sockjs.js").Socket} Socket
 * @typedef {string | ArrayBuffer} Data
 *
 * @typedef {object} Listener
 * @property {() => void} onOpen something should be said now, that both hear
 * @property {(socket: Socket, rest: Data[]) => void} onReady takes over; `rest` is what the other has not told yet
 * @property {() => void} onFailed
 */

/** A socket that wants to take over. */
export class Climb {
  /** @type {Data[]} */
  #above = [];
  /** @type {Data[]} */
  #below = [];
  #kept = 0;
  /** @type {Socket | undefined} */
  #socket;
  #timer;
  #listener;

  /**
   * @param {Socket} socket
   * @param {Listener} listener
   * @param {import("./timer.js").Timers} around
   */
  constructor(socket, listener, around) {
    this.#listener = listener;
    this.#socket = socket;
    this.#timer = new Timer(around);
    this.#timer.start(() => this.#fail(), CLIMB_TIME);
    socket.onopen = () => listener.onOpen();
    socket.onmessage = ({ data }) => this.#keep(this.#above, data);
    socket.onclose = () => this.#fail();
  }

  /**
   * Takes what the other heard.
   * @param {Data} data
   */
  heard(data) {
    if (this.#socket) this.#keep(this.#below, data);
  }

  /** Gives it up. */
  stop() {
    this.#release()?.close();
  }

  /**
   * @param {Data[]} kept
   * @param {Data} data
   */
  #keep(kept, data) {
    kept.push(data);
    this.#kept += typeof data === "string" ? data.length : data.byteLength;
    const count = unheard(this.#below, this.#above);
    if (count !== undefined) {
      const rest = this.#above.slice(this.#above.length - count);
      const socket = this.#release();
      if (socket) this.#listener.onReady(socket, rest);
    } else if (kept.length > MOST_KEPT || this.#kept > MOST_BYTES) {
      this.#fail();
    }
  }

  #fail() {
    this.#release()?.close();
    this.#listener.onFailed();
  }

  #release() {
    this.#timer.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }
}

/**
 * Says how many of the last that came above have not come below.
 * @param {Data[]} below
 * @param {Data[]} above
 * @returns {number | undefined} `undefined` if that is not known, or below is ahead
 */
function unheard(below, above) {
  const [first] = above;
  if (first === undefined) return undefined;
  const start = below.findIndex((data) => isSame(data, first));
  if (start < 0) return undefined;
  const common = below.slice(start);
  const fits = common.length <= above.length && common.every((data, at) => isSame(data, above[at]));
  return fits ? above.length - common.length : undefined;
}

/**
 * @param {Data} one
 * @param {Data | undefined} other
 */
function isSame(one, other) {
  if (typeof one === "string" || typeof other === "string") return one === other;
  if (one.byteLength !== other?.byteLength) return false;
  const [a, b] = [new Uint8Array(one), new Uint8Array(other)];
  return a.every((byte, at) => byte === b[at]);
}
