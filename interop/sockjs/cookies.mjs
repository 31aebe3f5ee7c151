// The cookie by which a load balancer finds a session's server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { transports } from "./transports.mjs";
import { Visitor } from "./visitor.mjs";

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {import("./transports.mjs").Where} where
 * @param {{target: {origin: string}, site: {origin: string}}} hosts
 */
export function cookies(browser, where, { target, site }) {
  const url = `${target.origin}/cookie_needed_echo`;

  test(`every transport from ${where} origin but WebSocket is given a cookie, and keeps its own`, async (t) => {
    const visitor = await Visitor.at(browser, where === "own" ? `${url}/` : site.origin, site.origin);
    t.after(() => visitor.leaves());
    const has = () => visitor.page.evaluate(() => document.cookie);
    const puts = (cookie) => visitor.page.evaluate((text) => (document.cookie = text), cookie);
    for (const transport of transports(where).filter((name) => name !== "websocket")) {
      // Cookies know no ports: the page sees those of the server.
      await puts("JSESSIONID=; path=/; max-age=0");
      await talk(visitor, url, transport);
      assert.equal(await has(), "JSESSIONID=dummy", transport);
      // Were it not sent, another would be given.
      await puts("JSESSIONID=node7; path=/");
      await talk(visitor, url, transport);
      assert.equal(await has(), "JSESSIONID=node7", transport);
    }
    visitor.isContent();
  });
}

async function talk(visitor, url, transport) {
  const caller = await visitor.connects(url, transport);
  assert.deepEqual(await caller.echoes("one", "two"), ["one", "two"]);
  await caller.closes();
}
