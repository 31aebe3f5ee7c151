// What every way carries: connecting, subscribing, publishing, asking.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client } from "./client.mjs";

/** @param {string} way @param {{host: string, api: Function}} server */
export function talk(way, server) {
  describe(`talk over ${way}`, () => {
    const clients = [];
    const client = (options) => {
      const made = new Client(way, server.host, options);
      clients.push(made);
      return made;
    };
    after(() => clients.forEach((made) => made.close()));
    const channel = (name) => `open:${name}-${way.replace(/[^a-z]/gi, "")}`;

    it("connects, and learns its id", async () => {
      const { client: id, transport } = await client().connect();
      assert.match(id, /^[0-9a-f-]{36}$/);
      assert.ok(transport);
    });

    it("hears what it publishes, and so do others, in order", async () => {
      const [one, two] = [client(), client()];
      await Promise.all([one.connect(), two.connect()]);
      const heard = await Promise.all([one, two].map((who) => who.subscribe(channel("talk"))));
      for (let number = 0; number < 20; number++) await one.publish(channel("talk"), { number });
      for (const subscription of heard) {
        const expected = [...Array(20).keys()].map((number) => ({ number }));
        assert.deepEqual(await subscription.heard(20), expected);
      }
    });

    it("says who published", async () => {
      const one = client();
      const { client: id } = await one.connect();
      const subscription = await one.subscribe(channel("info"));
      await one.publish(channel("info"), "hello");
      const { info } = await subscription.publications.next();
      assert.equal(info.client, id);
    });

    it("carries any text as it is", async () => {
      const one = client();
      await one.connect();
      const subscription = await one.subscribe(channel("text"));
      const text = 'a\nb\u2028"\\\u0000 한국어 🐟 </script>';
      await one.publish(channel("text"), { text });
      assert.deepEqual(await subscription.heard(1), [{ text }]);
    });

    it("refuses a channel whose namespace nobody configured with 102", async () => {
      const one = client();
      await one.connect();
      const subscription = one.listen("nowhere:room");
      subscription.sdk.subscribe();
      const { code } = await subscription.unsubscribed.next();
      assert.equal(code, 102);
    });

    it("refuses a channel that this client may not have with 103", async () => {
      const one = client();
      await one.connect();
      const subscription = one.listen("closed:room");
      subscription.sdk.subscribe();
      const { code } = await subscription.unsubscribed.next();
      assert.equal(code, 103);
    });

    it("ends a subscription", async () => {
      const [one, two] = [client(), client()];
      await Promise.all([one.connect(), two.connect()]);
      const subscription = await one.subscribe(channel("end"));
      const still = await two.subscribe(channel("end"));
      subscription.sdk.unsubscribe();
      assert.equal((await subscription.unsubscribed.next()).code, 0);
      await two.publish(channel("end"), 1);
      assert.deepEqual(await still.heard(1), [1]);
      assert.deepEqual(subscription.publications.rest, []);
    });

    it("answers an rpc with 108 where no application stands behind the server", async () => {
      const one = client();
      await one.connect();
      await assert.rejects(one.sdk.rpc("method", one.payloads.encode({})), { code: 108 });
    });

    it("answers history and presence with 108 where they are off", async () => {
      const one = client();
      await one.connect();
      await one.subscribe(channel("off"));
      await assert.rejects(one.sdk.history(channel("off"), { limit: 1 }), { code: 108 });
      await assert.rejects(one.sdk.presence(channel("off")), { code: 108 });
    });

    it("goes through a hundred subscriptions in one frame", async () => {
      const one = client();
      const names = [...Array(100).keys()].map((number) => `${channel("many")}${number}`);
      const subscriptions = names.map((name) => one.listen(name));
      for (const { sdk } of subscriptions) sdk.subscribe();
      await one.connect();
      await Promise.all(subscriptions.map((subscription) => subscription.subscribed.next()));
    });
  });
}
