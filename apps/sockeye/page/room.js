// The room as one page keeps it: greets, answers greetings, says now and then that it is there, and knows who else is.
//
// The endpoint only relays, so who is there is an agreement among pages: `hello` on coming, `here` in answer and every
// so often, `bye` on leaving; of whom nothing was heard for long is gone. Anyone could claim to be anyone.

import { encode, parse } from "./protocol.js";
import { answerDelay, Roster } from "./roster.js";

/**
 * @typedef {import("./protocol.js").Heard} Heard
 * @typedef {import("./roster.js").Person} Person
 *
 * @typedef {object} Surroundings
 * @property {(text: string) => boolean} send returns whether it was sent
 * @property {(run: () => void, ms: number) => unknown} setTimer
 * @property {() => number} chance from 0 to 1
 * @property {() => number} now in milliseconds
 *
 * @typedef {object} Listener
 * @property {(people: Person[]) => void} onPeople
 * @property {(heard: Exclude<Heard, {type: "hello" | "here" | "bye"}>) => void} onSaid
 */

/** Who is in the room, and what is said in it. */
export class Room {
  #roster = new Roster();
  #answers = false;
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

  /** Comes into the room: whoever was there before is forgotten, and will answer. */
  enter() {
    this.#roster.clear();
    this.#roster.see(this.#me.id, this.#me.name, this.#around.now());
    this.#tell("hello");
    this.#showPeople();
  }

  /** Says goodbye. */
  leave() {
    this.#tell("bye");
  }

  /** Says that it is still there, and forgets who is not. To be called every `REFRESH` milliseconds. */
  refresh() {
    this.#tell("here");
    this.#roster.see(this.#me.id, this.#me.name, this.#around.now());
    if (this.#roster.expire(this.#around.now()).length > 0) this.#showPeople();
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
   * Says something.
   * @param {string} text
   * @returns {boolean} whether it was sent
   */
  say(text) {
    return this.#around.send(encode({ type: "say", ...this.#me, text }));
  }

  /**
   * Takes what arrived.
   * @param {string | ArrayBuffer} data
   */
  hear(data) {
    const heard = parse(data);
    switch (heard.type) {
      case "hello":
        this.#see(heard.id, heard.name);
        if (heard.id !== this.#me.id) this.#answerSoon();
        break;
      case "here":
        this.#see(heard.id, heard.name);
        break;
      case "bye":
        if (heard.id !== this.#me.id && this.#roster.leave(heard.id)) this.#showPeople();
        break;
      case "say":
        this.#see(heard.id, heard.name);
        this.#listener.onSaid(heard);
        break;
      case "text":
      case "bytes":
        this.#listener.onSaid(heard);
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
    const mine = id === this.#me.id ? this.#me.name : name;
    const change = this.#roster.see(id, mine, this.#around.now());
    if (change === "joined" || change === "renamed") this.#showPeople();
  }

  /** @param {"hello" | "here" | "bye"} type */
  #tell(type) {
    this.#around.send(encode({ type, ...this.#me }));
  }

  #showPeople() {
    this.#listener.onPeople(this.#roster.list());
  }
}
