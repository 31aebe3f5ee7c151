// What comes in events, to be waited for one after the other.

import { within } from "../browsers/deadline.mjs";

/** Keeps what came until somebody asks, or has whoever asks wait until it comes. */
export class Queue {
  #come = [];
  #asked = [];

  /** @param {string} of what is waited for, in words */
  constructor(of) {
    this.of = of;
  }

  push(value) {
    const asked = this.#asked.shift();
    if (asked) asked(value);
    else this.#come.push(value);
  }

  /** Waits for the next one. */
  next() {
    if (this.#come.length > 0) return Promise.resolve(this.#come.shift());
    return within(this.of, new Promise((resolve) => this.#asked.push(resolve)));
  }

  /**
   * Waits for so many.
   * @param {number} count
   */
  async take(count) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** What came and nobody asked for, by now. */
  get rest() {
    return [...this.#come];
  }
}
