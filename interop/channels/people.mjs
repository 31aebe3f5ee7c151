// Who is there, and who may be: presence, joins and leaves, tokens, what the server does to its clients.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SignJWT } from "jose";
import { Client } from "./client.mjs";

const SECRET = new TextEncoder().encode("secret");
export const token = (claims) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(SECRET);
const now = () => Math.floor(Date.now() / 1000);

/** @param {string} way @param {{host: string, api: Function}} server */
export function people(way, server) {
  describe(`people over ${way}`, () => {
    const clients = [];
    const client = (options) => {
      const made = new Client(way, server.host, options);
      clients.push(made);
      return made;
    };
    after(() => clients.forEach((made) => made.close()));
    const unique = way.replace(/[^a-z]/gi, "");
    const channel = (name) => `seen:${name}-${unique}`;

    it("knows who is there, exactly, as they come and leave", async () => {
      const watcher = client({ token: await token({ sub: "watcher" }) });
      await watcher.connect();
      const seen = await watcher.subscribe(channel("room"));
      assert.equal((await seen.joins.next()).info.user, "watcher");
      const guest = client({ token: await token({ sub: "guest", info: { name: "물고기" } }) });
      await guest.connect();
      await guest.subscribe(channel("room"));
      const { info } = await seen.joins.next();
      assert.equal(info.user, "guest");
      assert.deepEqual(watcher.payloads.decode(info.connInfo), { name: "물고기" });
      const stats = await seen.sdk.presenceStats();
      assert.deepEqual([stats.numClients, stats.numUsers], [2, 2]);
      const { clients: present } = await seen.sdk.presence();
      assert.deepEqual(Object.values(present).map(({ user }) => user).sort(), ["guest", "watcher"]);
      guest.close();
      assert.equal((await seen.leaves.next()).info.user, "guest");
      assert.equal((await seen.sdk.presenceStats()).numClients, 1);
    });

    it("refuses a token that is none with 3500, for good", async () => {
      const one = client({ token: "a.b.c" });
      one.sdk.connect();
      assert.equal((await one.disconnected.next()).code, 3500);
    });

    it("asks for a new token when the old one has expired", async () => {
      let asked = 0;
      const getToken = async () => {
        asked += 1;
        return token({ sub: "renewed", exp: now() + 600 });
      };
      const one = client({ token: await token({ sub: "renewed", exp: now() - 10 }), getToken });
      await one.connect();
      assert.equal(asked, 1);
    });

    it("refreshes a connection that is about to expire, without losing it", async () => {
      let renewed;
      const asked = new Promise((resolve) => (renewed = resolve));
      const getToken = async () => {
        renewed();
        return token({ sub: "short", exp: now() + 600 });
      };
      const one = client({ token: await token({ sub: "short", exp: now() + 2 }), getToken });
      await one.connect();
      await asked;
      await one.subscribe(channel("refreshed"));
      assert.deepEqual(one.disconnected.rest, []);
    });

    it("takes a subscription token, for its channel alone", async () => {
      const one = client({ token: await token({ sub: "holder" }) });
      await one.connect();
      const name = `$closed:${unique}`;
      await one.subscribe(name, { token: await token({ sub: "holder", channel: name }) });
      const other = one.listen("$closed:other", { token: "a.b.c" });
      other.sdk.subscribe();
      assert.equal((await other.unsubscribed.next()).code, 103);
    });

    it("is subscribed by its token", async () => {
      const name = `open:by-token-${unique}`;
      const one = client({ token: await token({ sub: "invited", channels: [name] }) });
      await one.connect();
      assert.equal((await one.serverSubscribed.next()).channel, name);
      await server.api("publish", { channel: name, data: 7 });
      assert.equal(one.payloads.decode((await one.serverPublications.next()).data), 7);
    });

    it("is subscribed, unsubscribed and disconnected by the API", async () => {
      const user = `ruled-${unique}`;
      const one = client({ token: await token({ sub: user }) });
      await one.connect();
      const name = `open:by-api-${unique}`;
      await server.api("subscribe", { user, channel: name });
      assert.equal((await one.serverSubscribed.next()).channel, name);
      await server.api("unsubscribe", { user, channel: name });
      assert.equal((await one.serverUnsubscribed.next()).channel, name);
      await server.api("disconnect", { user });
      assert.equal((await one.disconnected.next()).code, 3503);
    });
  });
}
