// Proxies that a WebSocket, or a stream, does not get through.

import { createServer, request as ask } from "node:http";
import { listen, stop } from "./target.mjs";

/**
 * What a proxy does: it passes `Upgrade` on as a header like any other, that is, not at all; or it lets upgrades
 * through, and nothing after them; or it knows no upgrades and holds answers back until they are complete.
 * @typedef {"no upgrades" | "silent upgrades" | "whole answers"} Hindrance
 */

/**
 * @param {import("node:test").TestContext} t that it ends with
 * @param {Hindrance} hindrance
 * @param {number} target port of this machine
 * @returns {Promise<string>} its origin
 */
export async function hinder(t, hindrance, target) {
  const proxy = createServer((request, response) => pass(request, response, hindrance, target));
  if (hindrance === "silent upgrades") proxy.on("upgrade", (request, near) => swallow(request, near, target));
  t.after(() => stop(proxy));
  return `http://127.0.0.1:${await listen(proxy)}`;
}

function pass(request, response, hindrance, port) {
  const { method, url } = request;
  const { upgrade, connection, ...headers } = request.headers;
  const far = ask({ host: "127.0.0.1", port, method, path: url, headers });
  far.on("response", (answer) => {
    if (hindrance !== "whole answers") {
      response.writeHead(answer.statusCode, answer.headers).flushHeaders();
      answer.on("data", (data) => response.write(data)).on("end", () => response.end());
      return;
    }
    const parts = [];
    answer.on("data", (data) => parts.push(data));
    answer.on("end", () => response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(parts)));
  });
  far.on("error", () => response.destroy());
  response.on("close", () => far.destroy());
  request.pipe(far);
}

/** Passes on the upgrade and the answer's head, and not a byte more. */
function swallow({ method, url, headers }, near, port) {
  const far = ask({ host: "127.0.0.1", port, method, path: url, headers });
  far.on("upgrade", (answer, server) => {
    const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    near.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`);
    near.resume();
    server.resume();
    near.on("close", () => server.destroy());
    server.on("error", () => {}).on("close", () => near.destroy());
  });
  near.on("error", () => {});
  far.on("error", () => near.destroy());
  far.end();
}
