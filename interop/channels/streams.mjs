// What a channel keeps: history, recovery, deltas, filters.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Relay } from "../browsers/relay.mjs";
import { Client } from "./client.mjs";

/** @param {string} way @param {{host: string, port: number}} server */
export function streams(way, server) {
  describe(`streams over ${way}`, () => {
    const [clients, relays] = [[], []];
    const client = (host = server.host, options = {}) => {
      const made = new Client(way, host, options);
      clients.push(made);
      return made;
    };
    const relay = async () => {
      const made = await Relay.start(server.port);
      relays.push(made);
      return made;
    };
    after(() => {
      clients.forEach((made) => made.close());
      relays.forEach((made) => made.stop());
    });
    const channel = (name) => `kept:${name}-${way.replace(/[^a-z]/gi, "")}`;

    it("reads history forward, backward, by pages, and from a position", async () => {
      const one = client();
      await one.connect();
      for (let number = 1; number <= 5; number++) await one.publish(channel("history"), number);
      const read = async (options) => {
        const history = await one.sdk.history(channel("history"), options);
        return { ...history, data: history.publications.map(({ data }) => one.payloads.decode(data)) };
      };
      const all = await read({ limit: -1 });
      assert.deepEqual(all.data, [1, 2, 3, 4, 5]);
      assert.equal(all.offset, 5);
      assert.deepEqual((await read({ limit: 2 })).data, [1, 2]);
      assert.deepEqual((await read({ limit: 2, reverse: true })).data, [5, 4]);
      const since = { offset: 2, epoch: all.epoch };
      assert.deepEqual((await read({ limit: 2, since })).data, [3, 4]);
      assert.deepEqual((await read({ limit: 0 })).data, []);
      await assert.rejects(read({ limit: 1, since: { offset: 2, epoch: "other" } }), { code: 112 });
    });

    it("misses nothing over a connection that was cut", async () => {
      const [cut, whole] = [await relay(), client()];
      const one = client(`127.0.0.1:${cut.port}`);
      await Promise.all([one.connect(), whole.connect()]);
      const subscription = await one.subscribe(channel("cut"));
      await whole.publish(channel("cut"), "before");
      assert.deepEqual(await subscription.heard(1), ["before"]);
      cut.cut();
      await one.connecting.next();
      for (let number = 0; number < 10; number++) await whole.publish(channel("cut"), number);
      cut.heal();
      await one.connected.next();
      const again = await subscription.subscribed.next();
      assert.ok(again.wasRecovering && again.recovered);
      assert.deepEqual(await subscription.heard(10), [...Array(10).keys()]);
      await whole.publish(channel("cut"), "after");
      assert.deepEqual(await subscription.heard(1), ["after"]);
    });

    it("says so when what was missed is no longer there", async () => {
      const [cut, whole] = [await relay(), client()];
      const one = client(`127.0.0.1:${cut.port}`);
      await Promise.all([one.connect(), whole.connect()]);
      const name = channel("cut").replace("kept:", "few:");
      const subscription = await one.subscribe(name);
      cut.cut();
      await one.connecting.next();
      for (let number = 0; number < 10; number++) await whole.publish(name, number);
      cut.heal();
      const again = await subscription.subscribed.next();
      assert.ok(again.wasRecovering && !again.recovered);
      assert.deepEqual(subscription.publications.rest, []);
      await whole.publish(name, "after");
      assert.deepEqual(await subscription.heard(1), ["after"]);
    });

    it("patches payloads, if that is asked for", async () => {
      const one = client();
      await one.connect();
      const name = channel("delta").replace("kept:", "delta:");
      const subscription = await one.subscribe(name, { delta: "fossil" });
      const document = (number) => ({ text: "fixed text 한국어 ".repeat(40), number });
      for (let number = 0; number < 5; number++) await one.publish(name, document(number));
      const heard = await subscription.heard(5);
      assert.deepEqual(heard, [...Array(5).keys()].map(document));
    });

    it("goes on with patches over a connection that was cut", async () => {
      const [cut, whole] = [await relay(), client()];
      const one = client(`127.0.0.1:${cut.port}`);
      await Promise.all([one.connect(), whole.connect()]);
      const name = channel("delta-cut").replace("kept:", "delta:");
      const document = (number) => ({ text: "fixed text 한국어 ".repeat(40), number });
      const subscription = await one.subscribe(name, { delta: "fossil" });
      for (let number = 0; number < 2; number++) await whole.publish(name, document(number));
      assert.deepEqual(await subscription.heard(2), [0, 1].map(document));
      cut.cut();
      await one.connecting.next();
      for (let number = 2; number < 5; number++) await whole.publish(name, document(number));
      cut.heal();
      const again = await subscription.subscribed.next();
      assert.ok(again.wasRecovering && again.recovered);
      assert.deepEqual(await subscription.heard(3), [2, 3, 4].map(document));
      for (let number = 5; number < 7; number++) await whole.publish(name, document(number));
      assert.deepEqual(await subscription.heard(2), [5, 6].map(document));
    });

    it("sends only what a filter lets through", async () => {
      const one = client();
      await one.connect();
      const name = channel("filter").replace("kept:", "tagged:");
      const tagsFilter = { key: "kind", cmp: "eq", val: "fish" };
      const subscription = await one.subscribe(name, { tagsFilter });
      for (const [kind, number] of [["bird", 1], ["fish", 2], ["bird", 3], ["fish", 4]]) {
        await server.api("publish", { channel: name, data: number, tags: { kind } });
      }
      assert.deepEqual(await subscription.heard(2), [2, 4]);
    });
  });
}
