// Servers that end, networks that fail: what people see of it, and what of their words arrives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { QUEUE, abilities, needs } from "./abilities.mjs";
import { Relay } from "./relay.mjs";
import { room } from "./room.mjs";
import { Server } from "./server.mjs";

/**
 * @param {import("./browser.mjs").Kind} kind
 * @param {import("puppeteer-core").Browser} browser
 */
export function losses(kind, browser) {
  test("a server that is started again is found again", async (t) => {
    const { server, join } = await room(t, browser);
    const [one, two] = [await join("Mina"), await join("Jonas")];
    await one.says("before");
    await two.hears("before");
    await server.stop();
    await one.is("waiting", "connecting", "offline");
    await two.is("waiting", "connecting", "offline");
    const again = await Server.start({ port: server.port });
    t.after(() => again.stop());
    await one.is("open");
    await two.is("open");
    await one.says("after");
    await two.hears("after");
    assert.deepEqual(await two.order(["before", "after"]), ["before", "after"]);
    one.isContent({ losses: "some" });
  });

  // /say keeps nothing: who is to hear what was kept has to be back before it is said.
  test("what is said without a server is heard once it is back, once and in order", needs(QUEUE, async (t) => {
    const { server, join } = await room(t, browser);
    const relay = await Relay.start(server.port);
    t.after(() => relay.stop());
    const [near, far] = [await join("Mina"), await join("Jonas", { port: relay.port })];
    relay.cut();
    await server.stop();
    await far.is("waiting", "connecting", "offline");
    const said = ["첫째", "둘째", "셋째"];
    for (const text of said) await far.says(text);
    await far.finds('#log [data-state="waiting"]');
    const again = await Server.start({ port: server.port });
    t.after(() => again.stop());
    await near.is("open");
    relay.heal();
    await far.is("open");
    await far.says("끝");
    for (const person of [near, far]) {
      await person.hears("끝");
      assert.deepEqual(await person.order([...said, "끝"]), [...said, "끝"]);
    }
    await far.none('#log [data-state="waiting"]');
  }));

  test("a network that is cut, and one that swallows all, are noticed and survived", async (t) => {
    const { server, join } = await room(t, browser);
    const relay = await Relay.start(server.port);
    t.after(() => relay.stop());
    const [near, far] = [await join("Mina"), await join("Jonas", { port: relay.port })];
    relay.cut();
    await far.is("waiting", "connecting", "offline");
    await near.says("did you hear?");
    relay.heal();
    await far.is("open");
    await far.says("back");
    await near.hears("back");

    relay.swallow();
    await far.says("into nothing");
    await far.is("waiting", "connecting", "offline");
    relay.heal();
    await far.is("open");
    await far.says("back again");
    await near.hears("back again");
    if (abilities.has(QUEUE)) assert.deepEqual(await near.order(["into nothing"]), ["into nothing"]);
    far.isContent({ losses: "some" });
    near.isContent();
  });

  // The browser's own offline mode leaves open WebSockets alone, so the network is cut as well.
  const offline = needs(QUEUE, async (t) => {
    const { server, join } = await room(t, browser);
    const relay = await Relay.start(server.port);
    t.after(() => relay.stop());
    const [near, far] = [await join("Mina"), await join("Jonas", { port: relay.port })];
    await far.page.setOfflineMode(true);
    relay.cut();
    await far.is("offline");
    await far.says("from a tunnel");
    relay.heal();
    await far.page.setOfflineMode(false);
    await far.is("open");
    await near.hears("from a tunnel");
    assert.deepEqual(await near.order(["from a tunnel"]), ["from a tunnel"]);
  });
  // Firefox has no such mode that could be switched from outside.
  if (kind === "chromium") test("a browser that is offline says so, and comes back", offline);
}
