// What carries the talk: each transport that can be picked, and what the page finds where WebSocket does not pass.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { test } from "node:test";
import { SOCKJS, needs } from "./abilities.mjs";
import { objections } from "./axe.mjs";
import { PHONE } from "./person.mjs";
import { landscape } from "./picture.mjs";
import { Proxy } from "./proxy.mjs";
import { Relay } from "./relay.mjs";
import { room } from "./room.mjs";

/** As the page calls them, and as the server's log does. */
const NAMES = { websocket: "WebSocket", "xhr-streaming": "Streaming", eventsource: "Event source", "xhr-polling": "Polling" };

/**
 * @param {import("./browser.mjs").Kind} kind
 * @param {import("puppeteer-core").Browser} browser
 */
export function transports(kind, browser) {
  test("over whatever is picked they hear each other, and see pictures", needs(SOCKJS, async (t) => {
    const { server, join } = await room(t, browser);
    const folder = await mkdtemp(joinPath(tmpdir(), "sockeye-"));
    t.after(() => rm(folder, { recursive: true }));
    const picture = joinPath(folder, "river.png");
    await writeFile(picture, landscape(96, 60));
    const people = [];
    for (const [transport, name] of Object.entries(NAMES)) {
      const person = await join(name);
      await person.picks(transport);
      await person.sees("#status", name);
      await server.logs(new RegExp(`session opened.*transport="?${transport}\\b`));
      people.push(person);
    }
    for (const person of people) await person.counts(people.length);
    for (const [n, speaker] of people.entries()) {
      const text = `${n}: 안녕 🐟 100% %41 <b> \u2028`;
      await speaker.says(text);
      for (const person of people) await person.hears(text.trim());
      await (await speaker.finds("#file")).uploadFile(picture);
      for (const person of people) await person.paints(n + 1);
    }
    for (const person of people) {
      await person.none('#log [data-state="waiting"]');
      person.isContent();
    }
    // Firefox breaks off a page's requests before its goodbye can leave; there others notice by silence.
    if (kind === "firefox") return;
    for (const left of [3, 2, 1]) {
      await people[left].leaves();
      await people[0].counts(left);
    }
  }));

  test("what is picked is remembered, and shown in a list that people can use", needs(SOCKJS, async (t) => {
    const { join } = await room(t, browser);
    const person = await join("Mina", { viewport: PHONE });
    const chosen = () => person.page.$eval("#transport", (list) => [list.value, list.options[0].text]);
    assert.deepEqual(await chosen(), ["auto", "Automatic (WebSocket)"]);
    await (await person.finds("#transport")).focus();
    await person.picks("xhr-polling");
    await person.sees("#status", "Polling");
    assert.deepEqual(await chosen(), ["xhr-polling", "Automatic"]);
    await objections(person, "with another transport");
    await person.page.reload();
    await person.sees("#status", "Polling");
    await person.picks("auto");
    await person.sees("#status", "WebSocket");
    person.isContent();
  }));

  test("where a proxy lets no WebSocket through the page talks all the same, and remembers how", needs(SOCKJS, async (t) => {
    const { server, join } = await room(t, browser);
    const proxy = await Proxy.start(server.port);
    t.after(() => proxy.stop());
    const [near, far] = [await join("Mina"), await join("Jonas", { port: proxy.port })];
    await far.sees("#status", "Streaming");
    await far.says("from behind");
    await near.hears("from behind");
    await near.says("to there");
    await far.hears("to there");
    assert.equal(proxy.upgrades, 1);
    await far.page.reload();
    await far.sees("#status", "Streaming");
    await far.says("once more");
    await near.hears("once more");
    assert.equal(proxy.upgrades, 1, "what does not pass is not tried each time");
    near.isContent();
    far.isContent({ losses: "some" });
  }));

  test("a network that is cut under a stream is noticed and survived", needs(SOCKJS, async (t) => {
    const { server, join } = await room(t, browser);
    const relay = await Relay.start(server.port);
    t.after(() => relay.stop());
    const [near, far] = [await join("Mina"), await join("Jonas", { port: relay.port })];
    await far.picks("xhr-streaming");
    await far.sees("#status", "Streaming");
    relay.cut();
    await far.is("waiting", "connecting", "offline");
    await far.says("into the gap");
    relay.heal();
    await near.hears("into the gap");
    await far.hears("into the gap");
    assert.deepEqual(await near.order(["into the gap"]), ["into the gap"]);
    near.isContent();
    far.isContent({ losses: "some" });
  }));
}
