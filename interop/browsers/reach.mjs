// Who reaches the room, and by which way: other origins, TLS, HTTP/2, the terminal.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { TLS, needs } from "./abilities.mjs";
import { within } from "./deadline.mjs";
import { PHONE } from "./person.mjs";
import { room } from "./room.mjs";

/**
 * @param {import("puppeteer-core").Browser} browser
 */
export function reach(browser) {
  test("a page of another origin is refused, unless it is named", async (t) => {
    const elsewhere = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>elsewhere</title>");
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    t.after(() => elsewhere.closeAllConnections?.() ?? elsewhere.close());
    t.after(() => elsewhere.close());
    const origin = `http://localhost:${elsewhere.address().port}`;
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.goto(origin);
    const attempt = (port) => page.evaluate((to) => new Promise((resolve) => {
      const socket = new WebSocket(`ws://localhost:${to}/say`);
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    }), port);

    const closed = await room(t, browser);
    assert.equal(await attempt(closed.server.port), "refused");
    await closed.server.logs(/handshake refused.*status=403/);
    const open = await room(t, browser, { env: { SOCKEYE_SAY_ALLOWED_ORIGINS: `same-origin, ${origin}` } });
    assert.equal(await attempt(open.server.port), "open");
  });

  test("a phone reaches the page by the address that the program prints, without TLS", async (t) => {
    const addresses = Object.values(networkInterfaces()).flat();
    const address = addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    if (!address) return t.skip("this machine has no address but its own");
    const { join } = await room(t, browser, { host: "0.0.0.0" });
    const desk = await join("Mina");
    const phone = await join("Jonas", { host: address, viewport: PHONE });
    // By a plain address the browser offers less: https and localhost are secure contexts, this is none.
    assert.equal(await phone.page.evaluate(() => isSecureContext), false);
    await phone.says("from the phone");
    await desk.hears("from the phone");
    phone.isContent();
    desk.isContent();
  });

  test("over TLS they hear each other as well", needs("wss", async (t) => {
    const { server, join } = await room(t, browser, { flags: TLS });
    const [one, two] = [await join("Mina", { scheme: "https" }), await join("Jonas", { scheme: "https" })];
    await one.says("비밀 🔒");
    await two.hears("비밀 🔒");
    await server.logs(/session opened.*path="\/say"/);
    one.isContent();
    two.isContent();
  }));

  test("over TLS the page comes by HTTP/2, and its WebSocket on the same connection", needs("WebSocket over HTTP/2", async (t) => {
    const { server, join } = await room(t, browser, { flags: TLS });
    const person = await join("Mina", { scheme: "https" });
    const protocol = await person.page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
    assert.equal(protocol, "h2");
    await person.says("one of many streams");
    await person.hears("one of many streams");
    // What is fetched goes by HTTP/2: a session that a request carries is on the WebSocket's own connection.
    await person.page.evaluate(() => fetch("/say/000/beside/xhr", { method: "POST" }).then((opened) => opened.text()));
    await server.logs(/session opened.*transport="xhr-polling"/);
    const peerOf = (transport) => new RegExp(`session opened .*peer=(\\S+).*transport="${transport}"`).exec(server.log)?.[1];
    assert.ok(peerOf("websocket"));
    assert.equal(peerOf("websocket"), peerOf("xhr-polling"));
    person.isContent();
  }));

  test("a person and `sockeye connect` hear each other", needs("sockeye connect", async (t) => {
    const { server, join } = await room(t, browser);
    const person = await join("Mina");
    // Who hears herself hears others.
    await person.says("is anyone there");
    await person.hears("is anyone there");
    const tool = spawn(process.env.SOCKEYE, ["connect", `ws://localhost:${server.port}/say`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    t.after(() => tool.kill());
    const heard = (text) => within(`the tool to hear ${text}`, new Promise((resolve) => {
      createInterface({ input: tool.stdout }).on("line", (line) => line.includes(text) && resolve(line));
    }));
    tool.stdin.write("터미널에서 🐟\n");
    await person.hears("터미널에서 🐟");
    const answer = heard("페이지에서");
    await person.says("페이지에서");
    await answer;
    person.isContent();
  }));
}
