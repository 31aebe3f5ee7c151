// The room as one page keeps it: greets, answers greetings, says now and then that it is there, and knows who else is.
//
// The endpoint only relays, so who is there is an agreement among pages: `hello` on coming, `here` in answer and every
// so often, `bye` on leaving; who is silent for long is asked, and without an answer gone. Anyone could claim to be
// anyone.

import { encode, parse } from "./protocol.js";
import { answerDelay, Roster } from "./roster.js";
import { Seen } from "./seen.js";

/**
 * @typedef {import("./protocol.js").Talk} Talk
 * @typedef {import("./roster.js").Person} Person
 *
 * @typedef {object} Surroundings
 * @property {(text: string) => boolean} send returns whether it was sent
 * @property {(text: string) => void} sendLast sends as the page is left
 * @property {(run: () => void, ms: number) => unknown} setTimer
 * @property {() => number} chance from 0 to 1
 * @property {() => number} now in milliseconds
 *
 * @typedef {object} Listener
 * @property {(people: Person[]) => void} onPeople
 * @property {(name: string, way: "joined" | "left") => void} onMoved
 * @property {(heard: Talk) => void} onSaid what someone else said
 * @property {(key: string) => void} onOwn what was said here was heard again
 * @property {(ms: number) => void} onRoundTrip
 */

/** Who is in the room, and what is said in it. */
export class Room {
  #roster = new Roster();
  #seen = new Seen();
  #answers = false;
  /** The last sign of life that was numbered, and when. */
  #told = { n: 0, at: 0 };
  /** @type {{id: string, name: string}} */
  #me;
  /** @type {Listener} */
  #listener;
  /** @type {Surroundings} */
  #around;

  /**
   * @param {{id: string, name: string}} me
   * @param {Listener} listener
   * @param {Surroundings} around
   */
  constructor(me, listener, around) {
    this.#me = { ...me };
    this.#listener = listener;
    this.#around = around;
  }

  /** Who is at this page. */
  get me() {
    return this.#me;
  }

  /** Comes into the room, also once more: whoever was there before will answer, or be asked. */
  enter() {
    this.#roster.doubt(this.#around.now());
    this.#roster.see(this.#me.id, this.#me.name, this.#around.now());
    this.#tell("hello");
    this.#showPeople();
  }

  /** Says goodbye. */
  leave() {
    this.#around.sendLast(encode({ type: "bye", ...this.#me }));
  }

  /**
   * Says that it is still there, asks who is silent, and forgets who is gone.
   * @returns {number} in how many milliseconds to call it again
   */
  refresh() {
    // Without a connection nobody can be heard, and nobody is gone for that.
    if (this.#tell("here")) this.#review();
    return this.#roster.period;
  }

  #review() {
    const now = this.#around.now();
    this.#roster.see(this.#me.id, this.#me.name, now);
    const gone = this.#roster.expire(now);
    for (const { name } of gone) this.#listener.onMoved(name, "left");
    if (gone.length > 0) this.#showPeople();
    for (const { id } of this.#roster.silent(now)) {
      this.#roster.ask(id, now);
      this.#around.send(encode({ type: "ask", ...this.#me, to: id }));
    }
  }

  /**
   * Takes another name.
   * @param {string} name
   */
  rename(name) {
    if (name === this.#me.name) return;
    this.#me.name = name;
    this.#tell("here");
    this.#see(this.#me.id, name);
  }

  /**
   * Takes what arrived.
   * @param {string | ArrayBuffer} data
   */
  hear(data) {
    const heard = parse(data);
    if (heard.type === "text" || heard.type === "bytes") this.#listener.onSaid(heard);
    else if (heard.id === this.#me.id) this.#hearOwn(heard);
    else this.#hearOther(heard);
  }

  /**
   * What carries this page's id and is not known here is no page's: none shares its id.
   * @param {import("./protocol.js").Presence | import("./protocol.js").Ask | import("./protocol.js").Said | import("./protocol.js").File} heard
   */
  #hearOwn(heard) {
    const { type } = heard;
    if ((type === "say" || type === "file") && heard.key !== undefined) this.#listener.onOwn(heard.key);
    if ((type === "hello" || type === "here") && heard.n === this.#told.n) {
      this.#listener.onRoundTrip(this.#around.now() - this.#told.at);
    }
  }

  /** @param {import("./protocol.js").Presence | import("./protocol.js").Ask | import("./protocol.js").Said | import("./protocol.js").File} heard */
  #hearOther(heard) {
    const { id, name } = heard;
    if (heard.type === "bye") {
      if (!this.#roster.leave(id)) return;
      this.#listener.onMoved(name, "left");
      this.#showPeople();
      return;
    }
    const change = this.#see(id, name);
    switch (heard.type) {
      case "hello":
        if (change === "joined") this.#listener.onMoved(name, "joined");
        this.#answerSoon();
        break;
      case "ask":
        // At once: the timers of a page in the background are slow.
        if (heard.to === this.#me.id) this.#tell("here");
        else this.#roster.ask(heard.to, this.#around.now());
        break;
      case "say":
      case "file":
        if (heard.key === undefined || this.#seen.note(id, heard.key) === "new") this.#listener.onSaid(heard);
        break;
    }
  }

  /** One answer serves all who greet until it is given; by chance not all answer at once. */
  #answerSoon() {
    if (this.#answers) return;
    this.#answers = true;
    this.#around.setTimer(() => {
      this.#answers = false;
      this.#tell("here");
    }, answerDelay(this.#roster.size, this.#around.chance()));
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  #see(id, name) {
    const change = this.#roster.see(id, name, this.#around.now());
    if (change === "joined" || change === "renamed") this.#showPeople();
    return change;
  }

  /** @param {"hello" | "here"} type */
  #tell(type) {
    this.#told = { n: this.#told.n + 1, at: this.#around.now() };
    return this.#around.send(encode({ type, ...this.#me, n: this.#told.n }));
  }

  #showPeople() {
    this.#listener.onPeople(this.#roster.list());
  }
}
