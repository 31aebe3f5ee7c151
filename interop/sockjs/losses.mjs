// Networks that are cut in mid-talk, over every transport.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Relay } from "../browsers/relay.mjs";
import { transports } from "./transports.mjs";
import { Visitor } from "./visitor.mjs";

const MEANWHILE = Array.from({ length: 300 }, (_, number) => `meanwhile ${number}`);

/** What browsers say of connections that are cut. */
const LOSS = /ERR_|NetworkError|connection to|can.t establish|interrupted|Cross-Origin Request Blocked|Loading failed|status of 404/;

/** No browser tells of an iframe that stops loading: the client hears of it once it sends, and there is no session. */
const DEAF = /htmlfile/;
const POLLING = /polling/;

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {{target: {origin: string, port: number}, site: {origin: string}}} hosts
 */
export function losses(browser, { target, site }) {
  for (const transport of transports("own")) {
    test(`${transport} tells of a network that was cut, works anew after it, and others go on`, async (t) => {
      const relay = await Relay.start(target.port);
      t.after(() => relay.stop());
      const throughRelay = `http://127.0.0.1:${relay.port}/echo`;
      const visitor = await Visitor.at(browser, `${throughRelay}/`, site.origin);
      t.after(() => visitor.leaves());

      // The page's origin is the relay's.
      const spared = await visitor.connects(`${target.origin}/echo`, transport === "htmlfile" ? "xhr-streaming" : transport);
      const cut = await visitor.connects(throughRelay, transport);
      assert.deepEqual(await cut.echoes("before"), ["before"]);

      const echoes = spared.echoes(...MEANWHILE);
      const tried = relay.refuses();
      relay.cut();
      const closed = cut.closed();
      // Some transports try again by themselves, and hear of the loss when they are through.
      if (!DEAF.test(transport)) await Promise.race([closed, tried]);
      relay.heal();
      await cut.says("is anybody there?");
      // Cut between two polls, and tried again by the browser: nothing was lost.
      const survived = POLLING.test(transport) ? cut.hears().catch(() => closed) : closed;
      const end = await Promise.race([closed, survived]);
      if (Array.isArray(end)) {
        assert.deepEqual(end, ["is anybody there?"]);
      } else {
        // 1006 is the client's own; 1002 is what a server may say of a receiver that broke off.
        assert.ok(end.code === 1006 || end.code === 1002, `closed with ${end.code}`);
        assert.equal(end.wasClean, end.code === 1002);
      }
      assert.deepEqual(await echoes, MEANWHILE);

      const anew = await visitor.connects(throughRelay, transport);
      assert.deepEqual(await anew.echoes("after"), ["after"]);
      assert.deepEqual(await spared.echoes("still here"), ["still here"]);
      visitor.isContent(LOSS);
    });
  }
}
