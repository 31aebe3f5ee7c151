// What is seen beside the log: the connection's state, who is there, and the mark of what is unread.

import { element, find } from "./dom.js";
import { avatar } from "./entry.js";

/** How often the time until the next attempt is written anew. */
const TICK = 1000;

/**
 * @typedef {import("./connection.js").Status} Status
 * @typedef {import("./i18n.js").Words} Words
 * @typedef {import("./i18n.js").Key} Key
 * @typedef {import("./roster.js").Person} Person
 */

/** The head of the page. */
export class View {
  #me;
  #words;
  /** @type {Person[] | undefined} the roster that waits for the next frame */
  #people;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;
  #title = document.title;

  #status = find("#status", HTMLElement);
  #rtt = find("#rtt", HTMLElement);
  #reason = find("#reason", HTMLElement);
  #retry = find("#retry", HTMLButtonElement);
  #count = find("#count", HTMLElement);
  #roster = find("#roster", HTMLElement);
  #icon = find("#icon", HTMLLinkElement);

  /**
   * @param {string} me the id of the one at the page
   * @param {Words} words
   * @param {() => void} onRetry
   */
  constructor(me, words, onRetry) {
    this.#me = me;
    this.#words = words;
    this.#retry.addEventListener("click", onRetry);
    const narrow = matchMedia("(max-width: 52rem)");
    const people = find("#people", HTMLDetailsElement);
    const fold = () => (people.open = !narrow.matches);
    narrow.addEventListener("change", fold);
    fold();
    // A sheet over the room is closed by touching the room.
    find("main", HTMLElement).addEventListener("pointerdown", () => narrow.matches && (people.open = false));
  }

  /**
   * Shows the state of the connection.
   * @param {Status} status
   * @param {"online" | "offline"} network
   */
  showStatus(status, network) {
    clearInterval(this.#countdown);
    const waits = status.state === "waiting";
    const state = status.state === "closed" || (waits && network === "offline") ? "offline" : status.state;
    document.body.dataset.state = state;
    this.#status.dataset.state = state;
    this.#status.textContent = this.#words.say(wordFor(status, network));
    this.#retry.hidden = !waits;
    if (status.state === "open") this.#reason.hidden = true;
    if (waits) this.#countDown(performance.now() + status.ms);
    else this.#rtt.textContent = "";
  }

  /** @param {number} ms */
  showRoundTrip(ms) {
    this.#rtt.textContent = this.#words.roundTrip(ms);
  }

  /**
   * Says why there is no connection.
   * @param {Key} reason
   * @param {Record<string, string>} [values]
   */
  showReason(reason, values) {
    this.#reason.textContent = this.#words.say(reason, values);
    this.#reason.hidden = false;
  }

  /**
   * Shows who is there.
   * @param {Person[]} people
   */
  showPeople(people) {
    const asked = this.#people !== undefined;
    this.#people = people;
    if (!asked) requestAnimationFrame(() => this.#paintPeople());
  }

  /**
   * Marks how many messages are unread, also where only the page's tab is seen.
   * @param {number} count
   */
  showUnread(count) {
    document.title = count > 0 ? `(${count}) ${this.#title}` : this.#title;
    const icon = count > 0 ? "/assets/icon-unread.svg" : "/assets/icon.svg";
    if (this.#icon.getAttribute("href") !== icon) this.#icon.href = icon;
  }

  /** The status is announced once; the seconds beside it are not. @param {number} until */
  #countDown(until) {
    const write = () => {
      const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      this.#rtt.textContent = this.#words.say("again", { seconds: this.#words.seconds(seconds) });
    };
    this.#countdown = setInterval(write, TICK);
    write();
  }

  #paintPeople() {
    const people = this.#people ?? [];
    this.#people = undefined;
    this.#count.textContent = String(people.length);
    this.#roster.replaceChildren(...people.map((person) => this.#personItem(person)));
  }

  /** @param {Person} person */
  #personItem(person) {
    const item = element("li", "person");
    item.append(avatar(person), element("bdi", "", person.name));
    if (person.id === this.#me) item.append(element("span", "you", this.#words.say("you")));
    return item;
  }
}

/**
 * @param {Status} status
 * @param {"online" | "offline"} network
 * @returns {Key}
 */
function wordFor(status, network) {
  if (status.state === "open") return status.transport;
  return status.state === "waiting" && network === "offline" ? "offline" : status.state;
}
