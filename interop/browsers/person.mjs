// Somebody at the page: what they do there, and what they see.

import assert from "node:assert/strict";
import { DEADLINE } from "./deadline.mjs";

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** What a browser says about a connection that is lost; the page can't keep it from doing so. */
const LOSS = /WebSocket|ERR_|NetworkError|can.t establish a connection|connection to wss?:|was interrupted/;

/** One page in a window of its own: what is in the background is not painted. */
export class Person {
  /** @type {string[]} what the browser complained of */
  complaints = [];

  /**
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} url of the page
   * @param {object} [options]
   * @param {string} [options.name]
   * @param {import("puppeteer-core").Viewport} [options.viewport]
   * @param {(page: import("puppeteer-core").Page) => Promise<unknown>} [options.before] the page is opened
   */
  static async at(browser, url, { name, viewport = DESK, before = async () => {} } = {}) {
    const person = new Person();
    person.context = await browser.createBrowserContext();
    person.page = await person.context.newPage({ type: "window" });
    const { page } = person;
    page.setDefaultTimeout(DEADLINE);
    page.on("console", (line) => {
      if (["error", "warn"].includes(line.type())) person.complaints.push(line.text());
    });
    page.on("pageerror", (error) => person.complaints.push(String(error)));
    await page.evaluateOnNewDocument(() => {
      addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`),
      );
    });
    await page.setViewport(viewport);
    await before(page);
    await page.goto(url);
    await person.is("open");
    if (name) await person.isCalled(name);
    return person;
  }

  /**
   * Gives oneself a name, and waits until it is one's own in the roster.
   * @param {string} name
   */
  async isCalled(name) {
    await this.write("#name", name);
    await this.page.keyboard.press("Enter");
    await this.sees("#roster", name);
    await this.page.$$eval("details[data-unfolded]", (unfolded) => unfolded.forEach((details) => (details.open = false)));
  }

  /**
   * Writes over what is in a field.
   * @param {string} field
   * @param {string} text
   */
  async write(field, text) {
    // The editing command, since no keyboard that a browser can be given has a key for each letter.
    await this.page.$eval(
      field,
      (element, typed) => {
        // On a phone the roster, with one's name, is folded.
        const folded = element.closest("details:not([open])");
        if (folded) folded.open = folded.dataset.unfolded = true;
        element.focus();
        element.select();
        document.execCommand("insertText", false, typed);
      },
      text,
    );
  }

  /**
   * Picks a transport, as by the list.
   * @param {string} transport
   */
  async picks(transport) {
    await this.page.select("#transport", transport);
  }

  /** @param {string} text */
  async says(text) {
    await this.write("#message", text);
    await this.page.keyboard.press("Enter");
  }

  /**
   * Waits for a text, once, in the log.
   * @param {string} text
   */
  async hears(text) {
    await this.sees("#log", text);
  }

  /**
   * @param {string} where
   * @param {string} text
   */
  async sees(where, text) {
    const there = (selector, wanted) => document.querySelector(selector)?.textContent.includes(wanted);
    await this.#until(`"${text}" in ${where}`, there, where, text);
  }

  /**
   * Waits for a state of the connection.
   * @param {string[]} states one of which it must be
   */
  async is(...states) {
    const inState = (...wanted) => {
      const state = document.querySelector("#status")?.closest("[data-state]")?.getAttribute("data-state");
      return wanted.includes(state);
    };
    await this.#until(`the state ${states.join(" or ")}`, inState, ...states);
  }

  /** @param {number} count */
  async counts(count) {
    const counted = (wanted) => document.querySelector("#count")?.textContent.match(/\d+/)?.[0] === String(wanted);
    await this.#until(`a count of ${count}`, counted, count);
  }

  /**
   * Waits until so many pictures are seen, each of them whole.
   * @param {number} count
   */
  async paints(count) {
    const painted = (wanted) => {
      const pictures = [...document.querySelectorAll('#log [data-kind="image"] img')];
      return pictures.length === wanted && pictures.every((picture) => picture.naturalWidth > 0);
    };
    // An image that is painted changes nothing in the document.
    await this.page.waitForFunction(painted, { polling: 200 }, count).catch((error) => this.#tell(`${count} pictures`, error));
  }

  /**
   * Waits for something of the document, and returns it.
   * @param {string} selector
   */
  async finds(selector) {
    return this.page.waitForSelector(selector).catch((error) => this.#tell(selector, error));
  }

  /**
   * Waits until nothing in the document is so.
   * @param {string} selector
   */
  async none(selector) {
    await this.#until(`no ${selector}`, (gone) => document.querySelector(gone) === null, selector);
  }

  /**
   * Returns those of the texts that stand in the log, in the order in which they do, as often as they do.
   * @param {string[]} texts
   * @returns {Promise<string[]>}
   */
  async order(texts) {
    return this.page.$eval(
      "#log",
      (log, wanted) => {
        const found = [];
        for (const text of wanted) {
          for (let at = log.textContent.indexOf(text); at >= 0; at = log.textContent.indexOf(text, at + 1)) {
            found.push({ at, text });
          }
        }
        return found.sort((a, b) => a.at - b.at).map(({ text }) => text);
      },
      texts,
    );
  }

  /** Nothing was complained of; a lost connection may have been, where one was lost. */
  isContent({ losses = "none" } = {}) {
    const serious = this.complaints.filter((text) => losses === "none" || !LOSS.test(text));
    assert.deepEqual(serious, []);
  }

  /** Closes the page; a second time changes nothing. */
  async leaves() {
    const { context } = this;
    this.context = undefined;
    if (!context) return;
    // As a person does: a window that a program closes may be gone before its page has said goodbye.
    await this.page.goto("about:blank").catch(() => {});
    await context.close();
  }

  async #until(what, condition, ...args) {
    await this.page.waitForFunction(condition, { polling: "mutation" }, ...args)
      .catch((error) => this.#tell(what, error));
  }

  /** @returns {Promise<never>} */
  async #tell(what, error) {
    const seen = await this.page.$eval("body", (body) => body.innerText).catch(String);
    throw new Error(`waited for ${what}: ${error.message}\ncomplaints: ${this.complaints.join("; ")}\n${seen}`);
  }
}
