// What the page owes to those who use it without a mouse, look away, drop files, or have no connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { objections } from "./axe.mjs";
import { landscape } from "./picture.mjs";
import { room } from "./room.mjs";

/**
 * @param {import("puppeteer-core").Browser} browser
 */
export function craft(browser) {
  test("the keyboard reaches everything, and what has the focus shows it", async (t) => {
    const { join } = await room(t, browser);
    const person = await join("Mina");
    // From the top, and no further than the end: beyond it the browser's own controls have the focus, and Firefox does
    // not give it back without a screen.
    await person.page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute("tabindex");
    });
    const reached = new Set();
    while (!reached.has("send") && reached.size < 20) {
      await person.page.keyboard.press("Tab");
      const at = await person.page.evaluate(() => {
        const { activeElement: element } = document;
        for (const animation of element.getAnimations()) animation.finish();
        // The link that skips shows the focus by being there at all, the list of transports around what it lies over.
        const appears = element.matches(".skip") && element.getBoundingClientRect().top >= 0;
        const outlined = getComputedStyle(element.closest(".carrier") ?? element).outlineStyle !== "none";
        const shows = outlined || appears || element.matches("#message");
        return { name: element.id || element.className || element.tagName.toLowerCase(), shows };
      });
      assert.ok(at.shows, `${at.name} has the focus and does not show it`);
      assert.ok(!reached.has(at.name), `${at.name} has the focus again, and ${[...reached]} is all there was`);
      reached.add(at.name);
    }
    for (const name of ["skip", "transport", "name", "log", "attach", "message", "send"]) {
      assert.ok(reached.has(name), `${name} is not among ${[...reached]}`);
    }
    person.isContent();
  });

  test("Enter sends, but not while letters are put together, nor with Shift", async (t) => {
    const { join } = await room(t, browser);
    const person = await join("민아");
    await person.write("#message", "안녕");
    const enter = (init) => person.page.$eval("#message", (field, how) => {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...how }));
      return field.value;
    }, init);
    assert.equal(await enter({ isComposing: true }), "안녕");
    assert.equal(await enter({ keyCode: 229 }), "안녕");
    assert.equal(await enter({ shiftKey: true }), "안녕");
    assert.equal(await enter({}), "");
    await person.hears("안녕");
    person.isContent();
  });

  test("what is said while one looks away is counted, until one looks", async (t) => {
    const { join } = await room(t, browser);
    const [one, two] = [await join("Mina"), await join("Jonas")];
    await one.page.evaluate(() => (document.hasFocus = () => false));
    for (const text of ["first", "second"]) await two.says(text);
    await one.hears("second");
    await one.page.waitForFunction(() => document.title.startsWith("(2) "));
    await one.finds("#log .rule.new");
    await one.page.evaluate(() => {
      delete document.hasFocus;
      document.hasFocus = () => true;
      dispatchEvent(new Event("focus"));
    });
    await one.page.waitForFunction(() => !document.title.startsWith("("));
    one.isContent();
    two.isContent();
  });

  test("a file that is dropped is sent", async (t) => {
    const { join } = await room(t, browser);
    const [one, two] = [await join("Mina"), await join("Jonas")];
    await one.page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
      for (const type of ["dragenter", "dragover", "drop"]) {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
        document.querySelector("#log").dispatchEvent(event);
      }
    }, landscape(96, 64).toString("base64"));
    await two.finds('#log [data-kind="image"] img');
    await two.sees("#log", "dropped.png");
    one.isContent();
    two.isContent();
  });

  test("axe-core finds nothing to object to while the connection is lost and messages wait", async (t) => {
    const { server, join } = await room(t, browser);
    const person = await join("Mina");
    await person.says("heard");
    await person.hears("heard");
    await server.stop();
    await person.is("waiting", "connecting", "offline");
    await person.says("waits");
    await person.finds('#log [data-state="waiting"]');
    await objections(person, "a lost connection");
    person.isContent({ losses: "some" });
  });
}
