// A SockJS 0.3 session over plain HTTP, in the shape of a WebSocket: what talks over the one talks over the other.
//
//                 "o"             "c", lost, or close()
//   connecting ---------> open -----------------------> closed
//       |                                                  ^
//       +--------------------------------------------------+
//
// It receives one response after the other, and sends what waits in one request after the other, so that order holds.

import { RECEIVE } from "./receiver.js";
import { Timer } from "./timer.js";
import { fromText, parseFrame, toText } from "./wire.js";

/** How many letters one request takes at most; a single message may be longer. */
export const MOST_LETTERS = 256 * 1024;
/** How many messages it takes at most. */
export const MOST_MESSAGES = 1000;
/** How long a session that is closed waits for its last request, in milliseconds: perhaps it is a goodbye. */
export const LINGER = 1000;
/** Requests as small as this may outlive the page; browsers allow no more than 64 KiB of them. */
const SMALL = 16 * 1024;
/** RFC 6455 §7.4.1. */
const ABNORMAL = 1006;
const MESSAGE_TOO_BIG = 1009;
/** RFC 9110 §15.5.14. */
const CONTENT_TOO_LARGE = 413;

/**
 * @typedef {object} Own
 * @property {() => string} newId
 * @property {(url: string, body: string) => boolean} beacon sends what outlives the page; returns whether it does
 *
 * @typedef {import("./receiver.js").Browser & import("./timer.js").Timers & Own} Surroundings
 *
 * What a connection needs of a WebSocket, or of what stands in for it.
 * @typedef {object} Socket
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage of an event with its `data`
 * @property {((event: any) => void) | null} onclose of an event with its `code`
 * @property {number} bufferedAmount
 * @property {(data: string | Uint8Array<ArrayBuffer>) => void} send
 * @property {(text: string) => void} [sendLast] sends as the page is left, if that needs another way
 * @property {() => void} close
 */

/**
 * A session that HTTP carries.
 * @implements {Socket}
 */
export class SockJs {
  /** @type {Socket["onopen"]} */
  onopen = null;
  /** @type {Socket["onmessage"]} */
  onmessage = null;
  /** @type {Socket["onclose"]} */
  onclose = null;

  /** @type {"connecting" | "open" | "closed"} */
  #state = "connecting";
  /** @type {string[]} as they stand in a body */
  #waiting = [];
  /** How many letters wait or are under way. */
  #letters = 0;
  /** @type {AbortController | undefined} of the request under way */
  #sending;
  #stopReceiving = () => {};
  #linger;
  #session;
  #transport;
  #around;

  /**
   * @param {string} endpoint the URL of the endpoint
   * @param {keyof typeof RECEIVE} transport
   * @param {Surroundings} around
   */
  constructor(endpoint, transport, around) {
    this.#session = `${endpoint}/000/${around.newId()}`;
    this.#transport = transport;
    this.#around = around;
    this.#linger = new Timer(around);
    this.#receive();
  }

  /** How much is not known to have reached the server. */
  get bufferedAmount() {
    return this.#letters;
  }

  /** @param {string | Uint8Array<ArrayBuffer>} data */
  send(data) {
    if (this.#state !== "open") return;
    const text = JSON.stringify(toText(data));
    this.#waiting.push(text);
    this.#letters += text.length;
    this.#pump();
  }

  /**
   * Sends as the page is left, when a browser may give up requests.
   * @param {string} text
   */
  sendLast(text) {
    if (this.#state !== "open") return;
    if (!this.#around.beacon(`${this.#session}/xhr_send`, `[${JSON.stringify(text)}]`)) this.send(text);
  }

  /** Closes; what is under way may still arrive, what waits may not: half of it would be out of order. */
  close() {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#waiting = [];
    // The server closes a session whose receiver breaks off, and takes nothing more for it.
    if (this.#sending) this.#linger.start(() => this.#release(), LINGER);
    else this.#release();
  }

  #receive() {
    const receive = RECEIVE[this.#transport];
    this.#stopReceiving = receive(this.#session, this.#around, {
      onFrame: (frame) => this.#take(frame),
      onEnd: (how) => {
        if (this.#state === "closed") return;
        if (how === "ended") this.#receive();
        else this.#end(ABNORMAL);
      },
    });
  }

  /** @param {string} text */
  #take(text) {
    if (this.#state === "closed") return;
    const frame = parseFrame(text);
    switch (frame?.type) {
      case "open":
        // A second one is that of another session: the server has forgotten this one.
        if (this.#state === "open") return this.#end(ABNORMAL);
        this.#state = "open";
        this.onopen?.({});
        break;
      case "messages":
        for (const message of frame.messages) this.onmessage?.({ data: fromText(message) });
        break;
      case "close":
        this.#end(frame.code);
        break;
      case undefined:
        this.#end(ABNORMAL);
        break;
    }
  }

  #pump() {
    if (this.#sending || this.#waiting.length === 0) return;
    let [count, letters] = [0, 0];
    for (const text of this.#waiting) {
      if (count > 0 && (letters + text.length > MOST_LETTERS || count >= MOST_MESSAGES)) break;
      count += 1;
      letters += text.length;
    }
    void this.#post(this.#waiting.splice(0, count), letters);
  }

  /**
   * @param {string[]} texts
   * @param {number} letters
   */
  async #post(texts, letters) {
    const sending = new AbortController();
    this.#sending = sending;
    const { signal } = sending;
    const request = { method: "POST", body: `[${texts.join(",")}]`, keepalive: letters <= SMALL, signal };
    const status = await this.#around.fetch(`${this.#session}/xhr_send`, request).then(
      (response) => response.status,
      () => 0,
    );
    this.#sending = undefined;
    this.#letters -= letters;
    if (this.#state === "closed") this.#release();
    else if (status === 204 || status === 200) this.#pump();
    else this.#end(status === CONTENT_TOO_LARGE ? MESSAGE_TOO_BIG : ABNORMAL);
  }

  /** @param {number} code */
  #end(code) {
    this.#state = "closed";
    this.#release();
    this.onclose?.({ code });
  }

  #release() {
    this.#linger.stop();
    this.#stopReceiving();
    this.#sending?.abort();
    this.#waiting = [];
  }
}
