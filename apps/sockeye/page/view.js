// What is seen: the only file that touches the document's elements. Whatever people wrote goes in as text, never as
// markup.

import { sizeOf } from "./protocol.js";

/** The most messages that are kept in the log; older ones go. */
export const MOST_MESSAGES = 500;
/** Within how many pixels of its end the log is taken to be read to the end. */
const NEAR_END = 64;

/**
 * @typedef {import("./connection.js").Status} Status
 * @typedef {import("./protocol.js").Heard} Heard
 * @typedef {import("./roster.js").Person} Person
 *
 * @typedef {object} Actions what the person at the page asks for
 * @property {(text: string) => boolean} onSay returns whether it was sent
 * @property {(name: string) => string} onName returns the name as it is used
 * @property {() => void} onRetry
 */

/** The page. */
export class View {
  /** The id of the one at the page. */
  #me;
  /** @type {HTMLElement[]} messages that wait for the next frame */
  #unpainted = [];
  /** @type {Person[] | undefined} the roster that waits for the next frame */
  #people;
  #frameAsked = false;
  /** Who spoke last, so that a name stands once above what one says in a row. */
  #speaker = "";

  #link = find("header .link", HTMLElement);
  #status = find("#status", HTMLElement);
  #retry = find("#retry", HTMLButtonElement);
  #name = find("#name", HTMLInputElement);
  #count = find("#count", HTMLElement);
  #roster = find("#roster", HTMLElement);
  #log = find("#log", HTMLElement);
  #latest = find("#latest", HTMLButtonElement);
  #message = find("#message", HTMLTextAreaElement);
  #send = find("#send", HTMLButtonElement);

  /**
   * @param {{id: string, name: string}} me
   * @param {Actions} actions
   */
  constructor(me, actions) {
    this.#me = me.id;
    this.#name.value = me.name;
    this.#listenToName(actions);
    this.#listenToMessage(actions);
    this.#retry.addEventListener("click", actions.onRetry);
    this.#latest.addEventListener("click", () => this.#scrollToEnd());
    this.#log.addEventListener("scroll", () => {
      if (this.#isAtEnd()) this.#latest.hidden = true;
    });
    const narrow = matchMedia("(max-width: 44rem)");
    find("#people", HTMLDetailsElement).open = !narrow.matches;
    // On a phone the keyboard would cover the room at once.
    if (!narrow.matches) this.#message.focus();
  }

  /**
   * Shows the state of the connection.
   * @param {Status} status
   */
  showStatus(status) {
    this.#link.dataset.state = status.state;
    this.#status.textContent = statusText(status);
    this.#retry.hidden = status.state !== "waiting";
    this.#send.disabled = status.state !== "open";
  }

  /**
   * Shows who is there.
   * @param {Person[]} people
   */
  showPeople(people) {
    this.#people = people;
    this.#askForFrame();
  }

  /**
   * Shows what was said.
   * @param {Exclude<Heard, {type: "hello" | "here" | "bye"}>} heard
   */
  showMessage(heard) {
    const said = heard.type === "say" ? heard : { id: "", name: "someone" };
    const item = element("article", "message");
    item.classList.toggle("mine", said.id === this.#me);
    item.classList.toggle("follows", said.id !== "" && said.id === this.#speaker);
    this.#speaker = said.id;
    if (said.id === "") item.classList.add("unknown");
    else paint(item, said.id);
    item.append(byline(said.name), content(heard));
    this.#unpainted.push(item);
    if (this.#unpainted.length > MOST_MESSAGES) this.#unpainted.shift();
    this.#askForFrame();
  }

  /** Brings what waits into the document once a frame, however much arrives; a hidden page waits until it is seen. */
  #askForFrame() {
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    requestAnimationFrame(() => {
      this.#frameAsked = false;
      this.#paintPeople();
      this.#paintMessages();
    });
  }

  #paintPeople() {
    const people = this.#people;
    if (!people) return;
    this.#people = undefined;
    this.#count.textContent = String(people.length);
    this.#roster.replaceChildren(...people.map((person) => this.#personItem(person)));
  }

  /** @param {Person} person */
  #personItem(person) {
    const item = element("li", "person");
    paint(item, person.id);
    item.append(withText(element("bdi"), person.name));
    if (person.id === this.#me) item.append(withText(element("span", "you"), "you"));
    return item;
  }

  #paintMessages() {
    const items = this.#unpainted;
    if (items.length === 0) return;
    this.#unpainted = [];
    const follow = this.#isAtEnd() || items.some((item) => item.classList.contains("mine"));
    this.#log.append(...items);
    while (this.#log.childElementCount > MOST_MESSAGES) this.#log.firstElementChild?.remove();
    if (follow) this.#scrollToEnd();
    else this.#latest.hidden = false;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#latest.hidden = true;
  }

  /** @param {Actions} actions */
  #listenToName(actions) {
    this.#name.addEventListener("change", () => {
      this.#name.value = actions.onName(this.#name.value);
    });
    find("#name-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#message.focus();
    });
  }

  /** @param {Actions} actions */
  #listenToMessage(actions) {
    const form = find("#say-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#message.value.trim() === "" || !actions.onSay(this.#message.value)) return;
      this.#message.value = "";
      this.#fit();
      this.#message.focus();
    });
    this.#message.addEventListener("input", () => this.#fit());
    this.#message.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }

  /** Makes the message box as high as what is in it; the style sheet says how high at most. */
  #fit() {
    this.#message.style.height = "auto";
    this.#message.style.height = `${this.#message.scrollHeight}px`;
  }
}

/**
 * Says whether a key belongs to a word that is still being put together, as Hangul and Kana are: Enter then ends the
 * word and does not send it. Safari reports the end of composing too early, and tells by key code 229 alone.
 * @param {KeyboardEvent} event
 */
function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** @param {Status} status */
function statusText(status) {
  switch (status.state) {
    case "closed":
      return "Not connected";
    case "connecting":
      return "Connecting…";
    case "open":
      return "Connected";
    case "waiting":
      return `No connection. Trying again in ${Math.max(1, Math.round(status.ms / 1000))} s`;
  }
}

/** @param {string} name */
function byline(name) {
  const now = new Date();
  const time = document.createElement("time");
  time.dateTime = now.toISOString();
  time.textContent = now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const line = element("p", "by");
  line.append(withText(element("bdi"), name), " ", time);
  return line;
}

/** @param {Exclude<Heard, {type: "hello" | "here" | "bye"}>} heard */
function content(heard) {
  if (heard.type === "bytes") {
    return withText(element("p", "bytes"), `Binary message, ${sizeOf(heard.size)}`);
  }
  const text = withText(element("p", "text"), heard.text);
  text.dir = "auto";
  return text;
}

/**
 * Gives an element the colour of a person.
 * @param {HTMLElement} item
 * @param {string} id
 */
function paint(item, id) {
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  item.style.setProperty("--hue", String(hash % 360));
}

/**
 * @param {string} tag
 * @param {string} [className]
 * @returns {HTMLElement}
 */
function element(tag, className) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

/**
 * @param {HTMLElement} item
 * @param {string} text
 */
function withText(item, text) {
  item.textContent = text;
  return item;
}

/**
 * Finds an element that the page is known to have.
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
function find(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}
