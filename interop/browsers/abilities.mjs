// What the program may not be able to do: told and left out, or, strictly, a failure.

import { connect } from "node:http2";
import { within } from "./deadline.mjs";
import { Server } from "./server.mjs";

const known = new Set((process.env.INTEROP_ABILITIES ?? "").split(" "));

/** Flags for a server that speaks TLS by a certificate of its own. */
export const TLS = ["--tls-self-signed"];

/** The page's pictures, files, and what it keeps while there is no connection. */
export const QUEUE = "pictures, files and a queue";

/** Transports beside WebSocket. */
export const SOCKJS = "SockJS";

/** What the program can do, by the names that tests ask for. */
export const abilities = await probe();

async function probe() {
  /** @type {Set<string>} */
  const abilities = new Set();
  if (known.has("has_connect")) abilities.add("sockeye connect");
  const server = await Server.start();
  const page = await (await fetch(`http://127.0.0.1:${server.port}/say`)).text();
  if (/id="?file\b/.test(page)) abilities.add(QUEUE);
  const info = await fetch(`http://127.0.0.1:${server.port}/say/info`);
  if (info.ok) abilities.add(SOCKJS);
  await server.stop();
  if (known.has("has_tls")) {
    abilities.add("wss");
    if (await hasExtendedConnect()) abilities.add("WebSocket over HTTP/2");
  }
  return abilities;
}

/** Whether the server says that it takes Extended CONNECT (RFC 8441 §3). */
async function hasExtendedConnect() {
  const server = await Server.start({ flags: TLS });
  const session = connect(`https://localhost:${server.port}`, { rejectUnauthorized: false });
  const told = new Promise((resolve) => {
    session.on("remoteSettings", (settings) => resolve(settings.enableConnectProtocol === true));
    session.on("error", () => resolve(false));
    session.on("close", () => resolve(false));
  });
  try {
    return await within("the server's settings", told);
  } finally {
    session.destroy();
    await server.stop();
  }
}

/**
 * Wraps a test that needs an ability.
 * @param {string} wanted
 * @param {(t: import("node:test").TestContext) => Promise<void>} run
 */
export function needs(wanted, run) {
  return async (t) => {
    if (abilities.has(wanted)) return run(t);
    if (process.env.INTEROP_STRICT) throw new Error(`this program has no ${wanted}`);
    t.skip(`this program has no ${wanted}`);
  };
}
