// The page at /say in real browsers: people talk, lose each other, and come back.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { TLS, needs, probe } from "./abilities.mjs";
import { KINDS, launch } from "./browser.mjs";
import { DEADLINE, within } from "./deadline.mjs";
import { DESK, PHONE, Person } from "./person.mjs";
import { landscape } from "./picture.mjs";
import { Relay } from "./relay.mjs";
import { Server } from "./server.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const abilities = await probe();
const QUEUE = "pictures, files and a queue";
const chosen = process.env.BROWSER ? KINDS.filter((kind) => kind === process.env.BROWSER) : KINDS;

for (const kind of chosen) describe(kind, { timeout: 10 * DEADLINE }, () => judge(kind));

/** @param {import("./browser.mjs").Kind} kind */
function judge(kind) {
  /** @type {import("puppeteer-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch(kind);
  });
  after(() => browser?.close());

  /** Starts a server that ends with the test, after those at its page have left. */
  async function room(t, options) {
    const server = await Server.start(options);
    const people = [];
    t.after(async () => {
      await Promise.all(people.map((person) => person.leaves()));
      await server.stop();
    });
    const join = async (name, { port = server.port, scheme = "http", ...rest } = {}) => {
      const person = await Person.at(browser, `${scheme}://localhost:${port}/say`, { name, ...rest });
      people.push(person);
      return person;
    };
    return { server, join };
  }

  test("two at desks and one with a phone hear each other", async (t) => {
    const { join } = await room(t);
    const mina = await join("민아");
    const jonas = await join("Jonas");
    const phone = await join("Aoife", { viewport: PHONE });
    const all = [mina, jonas, phone];
    for (const person of all) await person.counts(3);
    for (const [speaker, text] of [
      [mina, "안녕하세요, 다들 잘 지내셨어요?"],
      [jonas, "All well 🐟🏳️‍🌈👩‍👩‍👧"],
      [phone, "<b>bold</b><script>document.title='caught'</script> &amp; <img src=x onerror=alert(1)>"],
      [mina, "two\nlines"],
    ]) {
      await speaker.says(text);
      for (const person of all) await person.hears(text);
    }
    for (const person of all) {
      const markup = await person.page.$$eval("#log b, #log script, #log img[src='x']", (found) => found.length);
      assert.equal(markup, 0, "what somebody wrote became markup");
      assert.notEqual(await person.page.title(), "caught");
      await person.sees("#roster", "민아");
      await person.sees("#roster", "Jonas");
    }
    await phone.leaves();
    await mina.counts(2);
    all.forEach((person) => person.isContent());
  });

  test("what other clients say is seen: plain text as it is, bytes by their size", async (t) => {
    const { join } = await room(t);
    const person = await join("Mina");
    await person.page.evaluate(async () => {
      const socket = new WebSocket(`ws://${location.host}/say`);
      await new Promise((resolve) => (socket.onopen = resolve));
      socket.send("맨 글자 \uffff {");
      socket.send(new Uint8Array(1536));
    });
    await person.hears("맨 글자 \uffff {");
    await person.hears("1.5 KiB");
    person.isContent();
  });

  test("a picture that is picked or pasted is seen, a file can be taken", needs(abilities, QUEUE, async (t) => {
    const { join } = await room(t);
    const [one, two] = [await join("Mina"), await join("Jonas")];
    const folder = await mkdtemp(joinPath(tmpdir(), "sockeye-"));
    t.after(() => rm(folder, { recursive: true }));
    const picture = landscape(96, 60);
    await writeFile(joinPath(folder, "evening.png"), picture);
    await writeFile(joinPath(folder, "메모.txt"), "x".repeat(2048));

    await (await one.finds("#file")).uploadFile(joinPath(folder, "evening.png"));
    for (const person of [one, two]) {
      await person.finds('#log [data-kind="image"] img');
      await person.page.waitForFunction(
        () => document.querySelector('#log [data-kind="image"] img')?.naturalWidth === 96,
      );
    }
    await two.page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.querySelector("#message").dispatchEvent(paste);
    }, picture.toString("base64"));
    for (const person of [one, two]) {
      await person.page.waitForFunction(() => document.querySelectorAll('#log [data-kind="image"] img').length === 2);
    }

    await (await one.finds("#file")).uploadFile(joinPath(folder, "메모.txt"));
    await two.finds('#log [data-kind="file"] a[download]');
    const file = await two.page.$eval('#log [data-kind="file"]', (message) => {
      const link = message.querySelector("a[download]");
      return { text: message.textContent, name: link.download, href: link.href };
    });
    assert.match(file.text, /메모\.txt/);
    assert.match(file.text, /2(\.0)? ?KiB|2,?048/);
    assert.equal(file.name, "메모.txt");
    assert.match(file.href, /^blob:/);
    one.isContent();
    two.isContent();
  }));

  test("a server that is started again is found again", async (t) => {
    const { server, join } = await room(t);
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

  test("what is said without a server is heard once it is back, once and in order", needs(abilities, QUEUE, async (t) => {
    const { server, join } = await room(t);
    const [one, two] = [await join("Mina"), await join("Jonas")];
    await server.stop();
    await one.is("waiting", "connecting", "offline");
    const said = ["첫째", "둘째", "셋째"];
    for (const text of said) await one.says(text);
    await one.finds('#log [data-state="waiting"]');
    const again = await Server.start({ port: server.port });
    t.after(() => again.stop());
    for (const person of [one, two]) await person.is("open");
    await one.says("끝");
    for (const person of [one, two]) {
      await person.hears("끝");
      assert.deepEqual(await person.order([...said, "끝"]), [...said, "끝"]);
    }
    await one.page.waitForFunction(() => document.querySelector('#log [data-state="waiting"]') === null);
  }));

  test("a network that is cut, and one that swallows all, are noticed and survived", async (t) => {
    const { server, join } = await room(t);
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

  if (kind === "chromium") {
    test("a browser that goes offline says so, and comes back", needs(abilities, QUEUE, async (t) => {
      const { join } = await room(t);
      const [one, two] = [await join("Mina"), await join("Jonas")];
      await two.page.setOfflineMode(true);
      await two.is("offline");
      await two.says("from a tunnel");
      await two.page.setOfflineMode(false);
      await two.is("open");
      await one.hears("from a tunnel");
      assert.deepEqual(await one.order(["from a tunnel"]), ["from a tunnel"]);
    }));
  }

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

    const closed = await room(t);
    assert.equal(await attempt(closed.server.port), "refused");
    await closed.server.logs(/handshake refused.*status=403/);
    const open = await room(t, { env: { SOCKEYE_SAY_ALLOWED_ORIGINS: `same-origin, ${origin}` } });
    assert.equal(await attempt(open.server.port), "open");
  });

  test("axe-core finds nothing to object to, on a desk and a phone, by day and by night", async (t) => {
    const { join } = await room(t);
    const talk = async (person) => {
      await person.says("Hello, 여러분");
      await person.hears("Hello, 여러분");
      await person.says("https://example.com/ is a link");
    };
    for (const viewport of [DESK, PHONE]) {
      const person = await join("Mina", { viewport });
      await talk(person);
      // Firefox takes the scheme from its settings alone.
      for (const scheme of kind === "chromium" ? ["light", "dark"] : ["light"]) {
        if (kind === "chromium") {
          await person.page.emulateMediaFeatures([
            { name: "prefers-color-scheme", value: scheme },
            { name: "prefers-reduced-motion", value: "reduce" },
          ]);
        }
        await objections(person, `${viewport.width} × ${viewport.height}, ${scheme}`);
      }
      person.isContent();
      await person.leaves();
    }
  });

  test("the page speaks Korean to who reads Korean", needs(abilities, QUEUE, async (t) => {
    const korean = await launch(kind, "ko-KR");
    t.after(() => korean.close());
    const server = await Server.start();
    t.after(() => server.stop());
    const person = await Person.at(korean, `http://localhost:${server.port}/say`, { name: "민아" });
    assert.equal(await person.page.$eval("html", (root) => root.lang.slice(0, 2)), "ko");
    assert.match(await person.page.$eval("body", (body) => body.innerText), /[가-힣]{2}/);
    assert.match(await person.page.$eval("#message", (field) => field.placeholder), /[가-힣]/);
    person.isContent();
    const english = await Person.at(browser, `http://localhost:${server.port}/say`);
    assert.equal(await english.page.$eval("html", (root) => root.lang.slice(0, 2)), "en");
    await english.leaves();
  }));

  test("over TLS they hear each other as well", needs(abilities, "wss", async (t) => {
    const { server, join } = await room(t, { flags: TLS });
    const [one, two] = [await join("Mina", { scheme: "https" }), await join("Jonas", { scheme: "https" })];
    await one.says("비밀 🔒");
    await two.hears("비밀 🔒");
    await server.logs(/session opened.*path="\/say"/);
    one.isContent();
    two.isContent();
  }));

  test("over TLS the page comes by HTTP/2, and its WebSocket on the same connection", needs(abilities, "WebSocket over HTTP/2", async (t) => {
    const { server, join } = await room(t, { flags: TLS });
    const person = await join("Mina", { scheme: "https" });
    const protocol = await person.page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
    assert.equal(protocol, "h2");
    await person.says("one of many streams");
    await person.hears("one of many streams");
    await server.logs(/session opened.*path="\/say".*stream="[^"]*(h2|http2|Upgraded)/i);
    person.isContent();
  }));

  test("a person and `sockeye connect` hear each other", needs(abilities, "sockeye connect", async (t) => {
    const { server, join } = await room(t);
    const person = await join("Mina");
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

/** Fails with what axe-core objects to. */
async function objections(person, where) {
  await person.page.evaluate(axe);
  const found = await person.page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document);
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
  });
  assert.deepEqual(found, [], where);
}
