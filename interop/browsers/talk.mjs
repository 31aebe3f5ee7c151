// People talk: texts, pictures and files, in their language, and whatever device they hold.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { test } from "node:test";
import { QUEUE, needs } from "./abilities.mjs";
import { objections } from "./axe.mjs";
import { launch } from "./browser.mjs";
import { DESK, PHONE, Person } from "./person.mjs";
import { landscape } from "./picture.mjs";
import { room } from "./room.mjs";
import { Server } from "./server.mjs";

/**
 * @param {import("./browser.mjs").Kind} kind
 * @param {import("puppeteer-core").Browser} browser
 */
export function talk(kind, browser) {
  test("two at desks and one with a phone hear each other", async (t) => {
    const { join } = await room(t, browser);
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
    const { join } = await room(t, browser);
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

  test("a picture that is picked or pasted is seen, a file can be taken", needs(QUEUE, async (t) => {
    const { join } = await room(t, browser);
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
      // Firefox makes no ClipboardEvent that carries files; people do.
      const paste = new Event("paste", { bubbles: true, cancelable: true });
      Object.defineProperty(paste, "clipboardData", { value: clipboardData });
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

  test("axe-core finds nothing to object to, on a desk and a phone, by day and by night", async (t) => {
    const { join } = await room(t, browser);
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

  test("the page speaks Korean to who reads Korean", needs(QUEUE, async (t) => {
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
}
