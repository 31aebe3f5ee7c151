// What the log keeps, and what has to go. Pure.

/** The most messages that are kept. */
export const MOST_MESSAGES = 500;
/** The most bytes of pictures and files that are kept. */
export const MOST_BYTES = 50 * 1024 * 1024;

/**
 * A row of things, of which the oldest go when there are too many or they weigh too much.
 * @template T
 */
export class Shelf {
  /** @type {{thing: T, bytes: number}[]} */
  #row = [];
  #bytes = 0;

  /**
   * Puts one more on, and returns what had to go for it.
   * @param {T} thing
   * @param {number} bytes
   * @returns {T[]}
   */
  put(thing, bytes) {
    this.#row.push({ thing, bytes });
    this.#bytes += bytes;
    const gone = [];
    while (this.#row.length > 1 && (this.#row.length > MOST_MESSAGES || this.#bytes > MOST_BYTES)) {
      const oldest = this.#row.shift();
      if (!oldest) break;
      this.#bytes -= oldest.bytes;
      gone.push(oldest.thing);
    }
    return gone;
  }
}
