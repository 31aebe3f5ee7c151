// A network between page and server that can be cut, or swallow all that is sent, for any browser.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Passes TCP connections on to a port of this machine. */
export class Relay {
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  /** @type {"well" | "cut" | "swallowing"} */
  #state = "well";

  /** @param {number} target */
  static async start(target) {
    const relay = new Relay();
    relay.server = createServer((near) => relay.#accept(near, target));
    relay.server.listen(0, "127.0.0.1");
    await once(relay.server, "listening");
    relay.port = relay.server.address().port;
    return relay;
  }

  /** Ends every connection with a reset, and refuses new ones. */
  cut() {
    this.#state = "cut";
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Waits until somebody tries in vain to connect. */
  async refuses() {
    await once(this.server, "refused");
  }

  /** From now on nothing passes, and nobody is told. */
  swallow() {
    this.#state = "swallowing";
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections pass again; those that were swallowed end. */
  heal() {
    this.#state = "well";
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.cut();
    this.server.close();
  }

  #accept(near, target) {
    this.#keep(near);
    if (this.#state === "cut") {
      near.resetAndDestroy();
      this.server.emit("refused");
    }
    if (this.#state !== "well") return;
    const far = connect(target, "127.0.0.1");
    this.#keep(far);
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
