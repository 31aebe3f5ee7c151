// A page in a real browser, and the SockJS clients in it.

import assert from "node:assert/strict";
import { DEADLINE, within } from "../browsers/deadline.mjs";

/** What browsers say of the client whatever the server does: it is older than they, and closes streams as they begin.
 * And pages have icons. */
const ALWAYS = /document\.domain|unload event|favicon\.ico|eventsource\. \(Reason: CORS request did not succeed/;

/** One page in a profile of its own: it shares neither cookies nor connections with others. */
export class Visitor {
  /** @type {string[]} what the browser complained of */
  complaints = [];

  /**
   * Opens a page and gives it the client.
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} url of any page; the greeting of a SockJS endpoint is one of the server's own origin
   * @param {string} site that serves the client
   */
  static async at(browser, url, site) {
    const visitor = new Visitor();
    visitor.context = await browser.createBrowserContext();
    // In a window: what is in the background runs slowly.
    visitor.page = await visitor.context.newPage({ type: "window" });
    const { page } = visitor;
    page.setDefaultTimeout(DEADLINE);
    page.on("console", (line) => {
      const { url } = line.location() ?? {};
      if (["error", "warn"].includes(line.type())) visitor.complaints.push(`${line.text()} (${url ?? "nowhere"})`);
    });
    page.on("pageerror", (error) => visitor.complaints.push(String(error)));
    await page.goto(url);
    // Like each SockJS page in an iframe: those of them that set it reach, in Firefox, only others that did.
    await page.evaluate(() => (document.domain = document.domain));
    for (const script of ["sockjs.js", "line.js"]) await page.addScriptTag({ url: `${site}/${script}` });
    return visitor;
  }

  /**
   * Starts a client; whether it will open is seen later.
   * @param {string} url of the endpoint
   * @param {string} [transport] and no other; any, if it is left out
   * @param {number} [timeout] in milliseconds, for each transport; of itself the client takes 0.6 s, too short here
   */
  async calls(url, transport, timeout = 20_000) {
    const options = { transports: transport ? [transport] : [], timeout };
    const number = await this.page.evaluate((to, how) => lines.push(new Line(to, how)) - 1, url, options);
    return new Caller(this.page, number, `${transport ?? "any transport"} to ${url}`);
  }

  /** Starts a client, and waits until it is open. */
  async connects(url, transport, timeout) {
    const caller = await this.calls(url, transport, timeout);
    caller.transport = await caller.opened();
    if (transport) assert.equal(caller.transport, transport);
    return caller;
  }

  /**
   * Nothing was complained of.
   * @param {RegExp} [expected] but this
   */
  isContent(expected) {
    const serious = this.complaints.filter((text) => !ALWAYS.test(text) && !expected?.test(text));
    assert.deepEqual(serious, []);
  }

  async leaves() {
    await this.context?.close();
    this.context = undefined;
  }
}

/** One SockJS client in a page. */
class Caller {
  #page;
  #number;
  #name;

  constructor(page, number, name) {
    this.#page = page;
    this.#number = number;
    this.#name = name;
  }

  opened() {
    return this.#ask("to open", (number) => lines[number].opened());
  }

  /** @param {string[]} texts */
  says(...texts) {
    return this.#ask("to say", (number, said) => lines[number].says(said), texts);
  }

  /** @returns {Promise<string[]>} the next messages, so many */
  hears(count = 1) {
    return this.#ask(`to hear ${count}`, (number, wanted) => lines[number].hears(wanted), count);
  }

  /** Says something, and waits until it hears as many messages: on `/echo`, the same ones. */
  async echoes(...texts) {
    await this.says(...texts);
    return this.hears(texts.length);
  }

  /** @returns {Promise<{code: number, reason: string, wasClean: boolean}>} the close, told once */
  async closed() {
    const ends = await this.#ask("to be closed", (number) => lines[number].closed());
    assert.equal(ends.length, 1, `told of its close ${ends.length} times`);
    return ends[0];
  }

  async closes(code, reason) {
    await this.#ask("to close", (number, ...how) => lines[number].socket.close(...how), code, reason);
    return this.closed();
  }

  #ask(what, answer, ...args) {
    return within(`${this.#name} ${what}`, this.#page.evaluate(answer, this.#number, ...args));
  }
}
