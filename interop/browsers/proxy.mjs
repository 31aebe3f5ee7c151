// A proxy that speaks plain HTTP and passes no upgrade on, as many in offices do.

import { once } from "node:events";
import { createServer, request } from "node:http";

/** What is between two neighbours only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "upgrade", "transfer-encoding", "te", "trailer"];

/** Passes requests on to a port of this machine. */
export class Proxy {
  /** How many wanted to upgrade. */
  upgrades = 0;

  /** @param {number} target */
  static async start(target) {
    const proxy = new Proxy();
    proxy.server = createServer((near, answer) => {
      if (near.headers.upgrade) proxy.upgrades += 1;
      const { method, url: path } = near;
      const far = request({ host: "127.0.0.1", port: target, method, path, headers: passed(near.headers) }, (response) => {
        answer.writeHead(response.statusCode ?? 502, passed(response.headers));
        answer.flushHeaders();
        response.pipe(answer);
        response.on("error", () => answer.destroy());
      });
      far.on("error", () => answer.destroy());
      answer.on("close", () => far.destroy());
      near.pipe(far);
    });
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** @param {import("node:http").IncomingHttpHeaders} headers */
function passed(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
