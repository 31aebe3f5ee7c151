// What was heard already, so that what is sent again is shown once. Pure.

/** The most messages that are remembered; the oldest are forgotten. */
export const MOST = 2000;

/** The messages that were heard lately. */
export class Seen {
  /** @type {Set<string>} in order of arrival */
  #keys = new Set();

  /**
   * Notes a message.
   * @param {string} id of who said it
   * @param {string} key
   * @returns {"new" | "repeat"}
   */
  note(id, key) {
    const both = JSON.stringify([id, key]);
    if (this.#keys.has(both)) return "repeat";
    this.#keys.add(both);
    if (this.#keys.size > MOST) {
      for (const oldest of this.#keys) {
        this.#keys.delete(oldest);
        break;
      }
    }
    return "new";
  }
}
