// Who is there, as far as one page has heard. Pure: the time is an argument, in milliseconds.

/** How often a page says that it is still there, in a room that is not crowded. */
export const REFRESH = 10_000;
/** How many signs of life a room hears in a second at most, however many are there: each goes to all. */
export const SIGNS = 20;
/** How many signs of life may be missing until someone is asked. A page in the background speaks once a minute. */
const MISSING = 3;
/** After how long a silence someone is asked, in a room that is not crowded. */
export const SILENCE = MISSING * REFRESH;
/** The most who are asked at once; others ask, too. */
export const ASKED = 20;
/** How long after being asked someone silent is taken for gone. */
export const PATIENCE = 15_000;
/** The most people who are kept; more are not listed, and not counted in how often signs are given. */
export const MOST = 1000;

/**
 * One who is there; `asked` is when the silent one was asked.
 * @typedef {{id: string, name: string, seen: number, asked?: number}} Person
 */

/** The people of whom something was heard not long ago. */
export class Roster {
  /** @type {Map<string, Person>} */
  #people = new Map();

  /**
   * Notes a sign of life.
   * @param {string} id
   * @param {string} name
   * @param {number} now
   * @returns {"joined" | "renamed" | "known" | "full"}
   */
  see(id, name, now) {
    const known = this.#people.get(id);
    if (!known && this.#people.size >= MOST) return "full";
    this.#people.set(id, { id, name, seen: now });
    if (!known) return "joined";
    return known.name === name ? "known" : "renamed";
  }

  /**
   * Notes that someone was asked, by whomever.
   * @param {string} id
   * @param {number} now
   */
  ask(id, now) {
    const person = this.#people.get(id);
    if (person) person.asked ??= now;
  }

  /**
   * Forgets one who left.
   * @param {string} id
   * @returns {Person | undefined} who it was
   */
  leave(id) {
    const person = this.#people.get(id);
    this.#people.delete(id);
    return person;
  }

  /**
   * Lists those who are silent and have not been asked, as many as may be asked at once.
   * @param {number} now
   * @returns {Person[]}
   */
  silent(now) {
    const silence = MISSING * this.period;
    return [...this.#people.values()]
      .filter(({ seen, asked }) => asked === undefined && now - seen > silence)
      .slice(0, ASKED);
  }

  /**
   * Forgets those who were asked and did not answer in time. Nobody is forgotten unasked: the one who counts may have
   * slept.
   * @param {number} now
   * @returns {Person[]} who they were
   */
  expire(now) {
    const gone = [...this.#people.values()].filter(({ asked }) => asked !== undefined && now - asked >= PATIENCE);
    for (const person of gone) this.#people.delete(person.id);
    return gone;
  }

  /**
   * Takes everyone for silent, as after a time without a connection: who says nothing now will be asked.
   * @param {number} now
   */
  doubt(now) {
    const seen = now - MISSING * signPeriod(MOST) - 1;
    for (const { id, name } of this.#people.values()) this.#people.set(id, { id, name, seen });
  }

  /** @returns {number} how often a sign of life is to be given, in milliseconds */
  get period() {
    return signPeriod(this.#people.size);
  }

  /** @returns {number} how many are there */
  get size() {
    return this.#people.size;
  }

  /**
   * Lists who is there by name; those of one name by id, so that the order does not jump.
   * @returns {Person[]}
   */
  list() {
    const order = (/** @type {Person} */ a, /** @type {Person} */ b) =>
      a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
    return [...this.#people.values()].sort(order);
  }
}

/**
 * Returns how often each gives a sign of life, so that all together do not give too many.
 * @param {number} people how many are there
 * @returns {number} milliseconds
 */
export function signPeriod(people) {
  return Math.max(REFRESH, (people * 1000) / SIGNS);
}

/**
 * Returns how long to wait before answering a hello: longer the more there are to answer it.
 * @param {number} people how many are there
 * @param {number} chance from 0 to 1
 * @returns {number} milliseconds
 */
export function answerDelay(people, chance) {
  return Math.round(Math.max(300, people * 25) * chance);
}
