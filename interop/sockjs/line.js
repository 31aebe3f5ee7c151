// In the page: SockJS clients that a test holds by number, and what they have heard.

/** @typedef {{code: number, reason: string, wasClean: boolean}} End */

class Line {
  /** @type {string[]} what came and nobody took yet */
  heard = [];
  heartbeats = 0;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {string} url
   * @param {object} options of the client
   */
  constructor(url, options) {
    this.socket = new SockJS(url, null, options);
    this.socket.onopen = () => {
      // The client forgets it once it closes.
      this.transport = this.socket.transport;
      this.#changed();
    };
    this.socket.onmessage = ({ data }) => {
      this.heard.push(data);
      this.#changed();
    };
    this.socket.onclose = ({ code, reason, wasClean }) => {
      this.ends = [...(this.ends ?? []), { code, reason, wasClean }];
      this.#changed();
    };
  }

  /** Waits until it is open, and says by which transport; or until it is closed, and throws. */
  async opened() {
    await this.#until(() => this.transport || this.ends);
    if (!this.transport) throw new Error(`not opened: ${JSON.stringify(this.ends)}`);
    return this.transport;
  }

  /** @param {string[]} texts */
  says(texts) {
    for (const text of texts) this.socket.send(text);
  }

  /** Waits for so many messages, and takes them. */
  async hears(count) {
    await this.#until(() => this.heard.length >= count || this.ends);
    if (this.heard.length < count) {
      throw new Error(`heard ${this.heard.length} of ${count}, then: ${JSON.stringify(this.ends)}`);
    }
    return this.heard.splice(0, count);
  }

  /** Waits for the close; returns how often it was told, and what. */
  async closed() {
    await this.#until(() => this.ends);
    return this.ends;
  }

  #until(condition) {
    return new Promise((resolve) => {
      const look = () => {
        if (condition()) resolve(this.#waiting.delete(look));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #changed() {
    for (const look of [...this.#waiting]) look();
  }
}

/** @type {Line[]} */
window.lines = [];
window.Line = Line;
