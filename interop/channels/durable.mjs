// What was acknowledged survives the server, whatever kills it.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { once } from "node:events";
import { Client } from "./client.mjs";

/** @param {(port?: number) => Promise<object>} start a server on the same file each time */
export function durable(start) {
  describe("a server that is killed", () => {
    const clients = [];
    after(() => clients.forEach((made) => made.close()));

    it("comes back with all that it acknowledged, and its subscribers miss nothing", async () => {
      let server = await start();
      const { port, host } = server;
      const made = (way) => {
        const client = new Client(way, host);
        clients.push(client);
        return client;
      };
      const [publisher, listener] = [made("websocket, JSON"), made("websocket, Protobuf")];
      await Promise.all([publisher.connect(), listener.connect()]);
      const subscription = await listener.subscribe("kept:durable");
      const acknowledged = [];
      for (let round = 0; round < 3; round++) {
        for (let number = 0; number < 20; number++) {
          await publisher.publish("kept:durable", [round, number]);
          acknowledged.push([round, number]);
        }
        const ended = once(server.process, "exit");
        server.process.kill("SIGKILL");
        await ended;
        server = await start(port);
        await publisher.connected.next();
      }
      assert.deepEqual(await subscription.heard(acknowledged.length), acknowledged);
      const history = await listener.sdk.history("kept:durable", { limit: -1 });
      assert.equal(history.offset, acknowledged.length);
      await server.stop();
    });
  });
}
