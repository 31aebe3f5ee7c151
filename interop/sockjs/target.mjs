// The server under test, and the site whose pages talk to it from another origin.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { within } from "../browsers/deadline.mjs";

const CLIENT = createRequire(import.meta.url).resolve("sockjs-client/dist/sockjs.min.js");
const SCRIPTS = { "/sockjs.js": CLIENT, "/line.js": new URL("line.js", import.meta.url) };

/** Serves an empty page, the installed client and what drives it; returns its origin. */
export async function startSite() {
  const scripts = new Map();
  for (const [path, file] of Object.entries(SCRIPTS)) scripts.set(path, await readFile(file, "utf8"));
  const site = createServer((request, response) => {
    const script = scripts.get(request.url);
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ?? "<!doctype html><title>elsewhere</title><body></body>");
  });
  return { origin: `http://127.0.0.1:${await listen(site)}`, stop: () => stop(site) };
}

/**
 * Starts `suite-server`, and waits until it says where it listens.
 * @param {string} clientUrl of the client that iframe pages load
 */
export async function startTarget(clientUrl) {
  const server = spawn(process.env.SUITE_SERVER, ["--listen", "127.0.0.1:0", "--client-url", clientUrl], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.on("exit", () => server.kill());
  const lines = createInterface({ input: server.stdout });
  const [line] = await within("the server to listen", Promise.race([once(lines, "line"), once(server, "exit")]));
  const [, port] = /^suite-server listens on .*:(\d+)$/.exec(String(line)) ?? [];
  if (!port) throw new Error(`the server did not start: ${line}`);
  return { origin: `http://127.0.0.1:${port}`, port: Number(port), stop: () => server.kill() };
}

/**
 * Listens on a free port of this machine, and returns it.
 * @param {import("node:http").Server} server
 */
export async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** @param {import("node:http").Server} server */
export function stop(server) {
  server.close();
  server.closeAllConnections();
}
