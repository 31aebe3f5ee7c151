// What becomes of what one says: made into a message, held against the server's limit, shown as waiting, queued.

import { encodeFile } from "./frame.js";
import { shrink } from "./picture.js";
import { encode, tidyFile } from "./protocol.js";

/** What a file's head takes at most, so that a picture that is made smaller fits with it. */
const HEAD_ROOM = 2100;

/**
 * @typedef {import("./settings.js").Settings} Settings
 *
 * @typedef {object} Surroundings
 * @property {() => {id: string, name: string}} me
 * @property {() => Settings | "unknown" | undefined} settings `undefined` until the server was asked
 * @property {import("./outbox.js").Outbox} outbox
 * @property {(entry: import("./entry.js").Entry) => void} show
 * @property {(text: string) => void} notice
 * @property {() => string} newKey
 * @property {import("./i18n.js").Words} words
 */

/** The way from what one says to the outbox. */
export class Sender {
  #around;
  /** Files are read one after the other, so that they are sent in the order they were picked in. */
  #reading = Promise.resolve();

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /**
   * Says a text.
   * @param {string} text
   * @returns {boolean} whether it was taken
   */
  say(text) {
    const { me, newKey, settings, words, notice } = this.#around;
    const key = newKey();
    const data = encode({ type: "say", ...me(), key, text });
    const bytes = new TextEncoder().encode(data).length;
    const known = settings();
    if (typeof known === "object" && bytes > known.messageBytes) {
      notice(words.say("textTooLarge", { size: words.size(bytes), most: words.size(known.messageBytes) }));
      return false;
    }
    return this.#queue(key, data, bytes, { text });
  }

  /**
   * Sends files, as far as they fit.
   * @param {File[]} files
   */
  sendFiles(files) {
    for (const file of files) {
      this.#reading = this.#reading.then(() => this.#sendFile(file)).catch(() => {
        this.#around.notice(this.#around.words.say("unreadable", { file: tidyFile(file.name) }));
      });
    }
    return this.#reading;
  }

  /** @param {File} picked */
  async #sendFile(picked) {
    const { me, newKey, settings, words, notice } = this.#around;
    const known = settings();
    const name = tidyFile(picked.name);
    if (typeof known !== "object") return notice(words.say(known === "unknown" ? "unknownLimit" : "notYet"));
    if (picked.size === 0) return notice(words.say("empty", { file: name }));
    const most = known.messageBytes - HEAD_ROOM;
    const file = picked.size <= most ? picked : await shrink(picked, most);
    if (!file) {
      const sizes = { size: words.size(picked.size), most: words.size(known.messageBytes) };
      return notice(words.say("tooLarge", { file: name, ...sizes }));
    }
    if (file !== picked) notice(words.say("shrunk", { file: name, size: words.size(file.size) }));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const key = newKey();
    const frame = encodeFile({ ...me(), key, file: file.name, kind: file.type, bytes });
    this.#queue(key, frame, frame.length, { file: { name: tidyFile(file.name), kind: file.type, bytes } });
  }

  /**
   * @param {string} key
   * @param {import("./outbox.js").Data} data
   * @param {number} bytes
   * @param {Pick<import("./entry.js").Entry, "text" | "file">} what
   */
  #queue(key, data, bytes, what) {
    const { me, outbox, show, notice, words } = this.#around;
    if (outbox.add(key, data, bytes) === "full") {
      notice(words.say("full"));
      return false;
    }
    show({ ...me(), at: new Date(), side: "mine", key, ...what });
    return true;
  }
}
