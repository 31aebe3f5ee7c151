// Pages of other origins, at an endpoint that allows only its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./visitor.mjs";

/** Those that tell the server where a page comes from. The others are off where that matters. */
const SAFE = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];
const UNSAFE = ["htmlfile", "iframe-htmlfile", "iframe-xhr-polling", "jsonp-polling"];

/** What a page can try without the client, by name whether it got through. */
const ATTEMPTS = (url) => {
  const session = () => `${url}/000/${Math.random().toString(36).slice(2)}`;
  const opens = (socket) => new Promise((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  }).finally(() => socket.close());
  const answers = (to, method) =>
    fetch(to, { method, credentials: "include" }).then(({ ok, body }) => body.cancel().then(() => ok), () => false);
  const runs = (src) => new Promise((resolve) => {
    window.called = () => resolve(true);
    const script = Object.assign(document.createElement("script"), { src, onerror: () => resolve(false) });
    document.body.append(script);
  });
  const ws = (to) => to.replace("http", "ws");
  return Promise.all(Object.entries({
    info: answers(`${url}/info`, "GET"),
    xhr: answers(`${session()}/xhr`, "POST"),
    xhr_streaming: answers(`${session()}/xhr_streaming`, "POST"),
    eventsource: opens(new EventSource(`${session()}/eventsource`)),
    websocket: opens(new WebSocket(ws(`${session()}/websocket`))),
    "raw websocket": opens(new WebSocket(ws(`${url}/websocket`))),
    jsonp: runs(`${session()}/jsonp?c=called`),
  }).map(async ([name, attempt]) => [name, await attempt]));
};

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {{target: {origin: string}, site: {origin: string}}} hosts
 */
export function origins(browser, { target, site }) {
  const url = `${target.origin}/own_origin_echo`;

  test("a page of another origin is refused by every way there is", async (t) => {
    const visitor = await Visitor.at(browser, site.origin, site.origin);
    t.after(() => visitor.leaves());
    const attempts = async (to) => Object.fromEntries(await visitor.page.evaluate(ATTEMPTS, to));
    const everywhere = await attempts(`${target.origin}/echo`);
    const names = Object.keys(everywhere);
    assert.deepEqual(everywhere, Object.fromEntries(names.map((name) => [name, true])));
    assert.deepEqual(await attempts(url), Object.fromEntries(names.map((name) => [name, false])));
    const caller = await visitor.calls(url);
    assert.deepEqual(await caller.closed(), { code: 1002, reason: "Cannot connect to server", wasClean: false });
  });

  test("a page of its own origin has the transports that tell where a page comes from, and no other", async (t) => {
    const visitor = await Visitor.at(browser, `${url}/`, site.origin);
    t.after(() => visitor.leaves());
    for (const transport of SAFE) {
      const caller = await visitor.connects(url, transport);
      assert.deepEqual(await caller.echoes("at home"), ["at home"]);
      await caller.closes();
    }
    visitor.isContent();
    await Promise.all(UNSAFE.map(async (transport) => {
      const caller = await visitor.calls(url, transport);
      assert.equal((await caller.closed()).code, 2000, transport);
    }));
  });
}
