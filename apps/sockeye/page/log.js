// The log: what was said, who came and went, and what of it is new. It keeps no more than its shelf does.

import { element, find } from "./dom.js";
import { mark, show } from "./entry.js";
import { Shelf } from "./shelf.js";
import { flow } from "./text.js";

/** Within how many pixels of its end the log is taken to be read to the end. */
const NEAR_END = 80;
/** How many pixels of what was read are shown above what is new. */
const ABOVE_NEW = 48;

/**
 * @typedef {import("./entry.js").Entry} Entry
 * @typedef {import("./entry.js").Shown} Shown
 */

/** What everyone says. */
export class Log {
  #words;
  #onUnread;
  #onRetry;
  /** @type {Shelf<Shown>} */
  #shelf = new Shelf();
  /** @type {Map<string, Shown>} own messages that wait to be heard */
  #waiting = new Map();
  /** @type {Shown[]} what waits for the next frame */
  #unpainted = [];
  #frameAsked = false;
  /** @type {{id: string, at: Date} | undefined} */
  #above;
  #unread = 0;
  /** @type {HTMLElement | undefined} */
  #divider;
  /** Whether messages came that nobody can have seen. */
  #away = false;

  #log = find("#log", HTMLElement);
  #latest = find("#latest", HTMLButtonElement);

  /**
   * @param {import("./i18n.js").Words} words
   * @param {{onUnread: (count: number) => void, onRetry: (key: string) => void}} listener
   */
  constructor(words, { onUnread, onRetry }) {
    this.#words = words;
    this.#onUnread = onUnread;
    this.#onRetry = onRetry;
    this.#latest.addEventListener("click", () => {
      this.toEnd();
      this.#log.focus();
    });
    this.#log.addEventListener("scroll", () => this.#look(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("focus", () => this.#look());
    // The soft keyboard and a turned phone change the height: what was at the end stays there.
    let follows = true;
    this.#log.addEventListener("scroll", () => (follows = this.#isAtEnd()), { passive: true });
    new ResizeObserver(() => follows && this.toEnd()).observe(this.#log);
  }

  /**
   * Adds a message.
   * @param {Entry} entry
   */
  add(entry) {
    if (entry.side === "theirs") this.#countUnread();
    const step = flow(this.#above, entry);
    if (step === "day") this.#put({ item: this.#rule("day", this.#words.date(entry.at)), bytes: 0 });
    const shown = show(entry, step, this.#words, () => this.#onRetry(entry.key ?? ""));
    if (entry.key !== undefined) this.#waiting.set(entry.key, shown);
    this.#above = { id: entry.id, at: entry.at };
    this.#put(shown);
    if (entry.side === "mine") this.#read();
  }

  /**
   * Adds a note, as of who came.
   * @param {string} text
   */
  note(text) {
    const item = element("article", "note", text);
    item.dataset.kind = "note";
    this.#put({ item, bytes: 0 });
    this.#nameNext();
  }

  /** The next message does not follow the one above, whoever says it. */
  #nameNext() {
    if (this.#above) this.#above = { id: "", at: this.#above.at };
  }

  /**
   * Sets what became of an own message.
   * @param {string} key
   * @param {"waiting" | "sent" | "failed"} state
   */
  mark(key, state) {
    const shown = this.#waiting.get(key);
    if (shown) mark(shown.item, state, this.#words);
    if (state === "sent") this.#waiting.delete(key);
  }

  /** Goes to the newest message. */
  toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#look();
  }

  /** @param {Shown} shown */
  #put(shown) {
    for (const gone of this.#shelf.put(shown, shown.bytes)) {
      gone.item.remove();
      if (gone.url) URL.revokeObjectURL(gone.url);
      this.#unpainted = this.#unpainted.filter((waits) => waits !== gone);
    }
    this.#unpainted.push(shown);
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    // Once a frame, however much arrives; a hidden page waits until it is seen.
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#frameAsked = false;
    const items = this.#unpainted.map((shown) => shown.item);
    this.#unpainted = [];
    const follow = this.#isAtEnd() || items.some((item) => item.classList.contains("mine"));
    this.#log.append(...items);
    for (const image of items.flatMap((item) => [...item.querySelectorAll("img")])) {
      image.addEventListener("load", () => follow && this.toEnd(), { once: true });
    }
    if (!follow) this.#look();
    else if (this.#away && this.#divider) this.#log.scrollTop = this.#divider.offsetTop - ABOVE_NEW;
    else this.toEnd();
    this.#away = false;
  }

  #countUnread() {
    if (this.#isRead()) return;
    if (document.visibilityState === "hidden") this.#away = true;
    if (this.#unread === 0) {
      this.#divider?.remove();
      this.#divider = this.#rule("new", this.#words.say("newMessages"));
      this.#put({ item: this.#divider, bytes: 0 });
      this.#nameNext();
    }
    this.#unread += 1;
    this.#onUnread(this.#unread);
    this.#offerJump();
  }

  /** Takes note of what is on the screen. */
  #look() {
    if (this.#unread > 0 && this.#unpainted.length === 0 && this.#isRead()) {
      this.#unread = 0;
      this.#onUnread(0);
    }
    this.#offerJump();
  }

  /** One who speaks has read: the divider is of no more use. */
  #read() {
    this.#divider?.remove();
    this.#divider = undefined;
    this.#unread = 0;
    this.#away = false;
    this.#onUnread(0);
  }

  #offerJump() {
    this.#latest.hidden = this.#isAtEnd();
    const count = this.#unread;
    this.#latest.textContent = count > 0 ? this.#words.say("jump", { count }) : this.#words.say("latest");
  }

  #isRead() {
    return document.visibilityState === "visible" && document.hasFocus() && this.#isAtEnd();
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  /**
   * @param {"day" | "new"} kind
   * @param {string} text
   */
  #rule(kind, text) {
    const rule = element("p", `rule ${kind}`);
    rule.append(element("span", "", text));
    return rule;
  }
}
