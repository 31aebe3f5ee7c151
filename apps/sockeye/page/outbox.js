// What one says, until one hears it again. Pure.
//
//            pump             delivered
//   waiting ------> in flight ---------> (gone: it was heard)
//      ^  ^             |
//      |  +-------------+ lost: sent again, in order
//      |                | lost TRIES times as the oldest in flight: perhaps it is what breaks the connection
//      | retry          v
//      +------------- failed

/** The most messages that wait. */
export const MOST_WAITING = 100;
/** The most bytes that wait. */
export const MOST_BYTES = 20 * 1024 * 1024;
/** With this many bytes in flight no more are sent: many files at once would be too much for others' outboxes. */
export const WINDOW = 256 * 1024;
/** How many connections one message may lose. */
export const TRIES = 5;

/**
 * @typedef {string | Uint8Array<ArrayBuffer>} Data
 * @typedef {{key: string, data: Data, bytes: number, state: "waiting" | "flying" | "failed", tries: number}} Message
 */

/** Own messages that nobody is known to have heard. */
export class Outbox {
  /** @type {Map<string, Message>} in the order they were said in */
  #messages = new Map();
  #bytes = 0;
  #send;
  #onFailed;

  /**
   * @param {(data: Data) => boolean} send returns whether it was sent
   * @param {(key: string) => void} onFailed
   */
  constructor(send, onFailed) {
    this.#send = send;
    this.#onFailed = onFailed;
  }

  /**
   * Takes a message, and sends it as soon as may be.
   * @param {string} key
   * @param {Data} data
   * @param {number} bytes how many it has on the wire
   * @returns {"taken" | "full"}
   */
  add(key, data, bytes) {
    if (this.#messages.size >= MOST_WAITING || this.#bytes + bytes > MOST_BYTES) return "full";
    this.#messages.set(key, { key, data, bytes, state: "waiting", tries: 0 });
    this.#bytes += bytes;
    this.pump();
    return "taken";
  }

  /** Sends what waits, as far as the window goes; one message always fits. */
  pump() {
    let flying = 0;
    for (const message of this.#messages.values()) {
      if (message.state === "flying") flying += message.bytes;
    }
    for (const message of this.#messages.values()) {
      if (message.state !== "waiting") continue;
      if ((flying > 0 && flying + message.bytes > WINDOW) || !this.#send(message.data)) return;
      message.state = "flying";
      flying += message.bytes;
    }
  }

  /** What was in flight may not have arrived. To be called before the next `pump` on another connection. */
  lost() {
    const flying = [...this.#messages.values()].filter((message) => message.state === "flying");
    for (const message of flying) message.state = "waiting";
    const oldest = flying[0];
    if (!oldest) return;
    oldest.tries += 1;
    if (oldest.tries >= TRIES) {
      oldest.state = "failed";
      this.#onFailed(oldest.key);
    }
  }

  /**
   * Sends one again that failed.
   * @param {string} key
   */
  retry(key) {
    const message = this.#messages.get(key);
    if (message?.state !== "failed") return;
    message.state = "waiting";
    message.tries = 0;
    this.pump();
  }

  /**
   * Lets go of a message that was heard.
   * @param {string} key
   * @returns {boolean} whether it was waited for
   */
  delivered(key) {
    const message = this.#messages.get(key);
    if (!message) return false;
    this.#messages.delete(key);
    this.#bytes -= message.bytes;
    this.pump();
    return true;
  }

  /** How many wait to be heard. */
  get size() {
    return this.#messages.size;
  }
}
