// What the client does by itself where WebSocket, or streams, do not pass.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hinder } from "./hindrance.mjs";
import { Visitor } from "./visitor.mjs";

const SAID = ["one", "둘", "100%", "</script>"];

/** How long the client waits for a transport, in milliseconds. */
const PATIENCE = 2_000;

/** What browsers say of a WebSocket that fails, and of streams that the client gives up. */
const FAILURE = /WebSocket|connection to|can.t establish|interrupted|was loading/;

/** @type {[import("./hindrance.mjs").Hindrance, RegExp][]} by what the client must get through */
const HINDRANCES = [
  ["no upgrades", /^(?!websocket$)/],
  ["silent upgrades", /^(?!websocket$)/],
  ["whole answers", /polling$/],
];

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {{target: {origin: string, port: number}, site: {origin: string}}} hosts
 */
export function fallback(browser, { target, site }) {
  const visit = async (t) => {
    const visitor = await Visitor.at(browser, site.origin, site.origin);
    t.after(() => visitor.leaves());
    return visitor;
  };

  test("left alone, the client takes WebSocket", async (t) => {
    const visitor = await visit(t);
    const caller = await visitor.connects(`${target.origin}/echo`);
    assert.equal(caller.transport, "websocket");
    visitor.isContent();
  });

  for (const [hindrance, transport] of HINDRANCES) {
    test(`the client finds its way through a proxy with ${hindrance}`, async (t) => {
      const visitor = await visit(t);
      const proxy = await hinder(t, hindrance, target.port);
      const caller = await visitor.connects(`${proxy}/echo`, undefined, PATIENCE);
      assert.match(caller.transport, transport);
      t.diagnostic(`by ${caller.transport}`);
      assert.deepEqual(await caller.echoes(...SAID), SAID);
      assert.equal((await caller.closes()).code, 1000);
      visitor.isContent(FAILURE);
    });
  }

  test("where WebSocket is off, the client does not try it", async (t) => {
    const visitor = await visit(t);
    const url = `${target.origin}/disabled_websocket_echo`;
    const caller = await visitor.connects(url);
    assert.notEqual(caller.transport, "websocket");
    assert.deepEqual(await caller.echoes(...SAID), SAID);
    const forced = await visitor.calls(url, "websocket");
    assert.deepEqual(await forced.closed(), { code: 2000, reason: "All transports failed", wasClean: false });
    visitor.isContent();
  });
}
