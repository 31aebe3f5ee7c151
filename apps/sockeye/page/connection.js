// One lasting connection: it comes back by itself, and says in which state it is.
//
//             start            opened
//   closed ---------> connecting ---------> open
//     ^                 ^    |               |
//     | stop            |    | failed        | lost, or silent
//     | (from any)      |    v               |
//     +----           waiting <--------------+
//                 (time is up, or retry)
//
// Whatever it needs of its surroundings (sockets, timers, chance) is handed in, so that tests can move the clock.

import { delay } from "./backoff.js";

/** How long an attempt to connect may take, in milliseconds. */
export const CONNECT_TIME = 10_000;
/** How long after something was sent something must arrive; the room returns what is said in it. */
export const ANSWER_TIME = 15_000;
/** How long what is small takes at most to leave the browser, on a network that swallows it, too. */
export const SETTLE_TIME = 1000;
/** What a line carries that is waited for even once all has left the browser, in bytes a millisecond (256 kbit/s). */
export const SLOWEST = 32;
/** How long a connection must have held for the next wait to be short again. */
export const STEADY_TIME = 5_000;

/**
 * @typedef {{state: "closed"} | {state: "connecting"} | {state: "open"} | Waiting} Status
 * @typedef {{state: "waiting", ms: number, after: "lost" | "refused", code: number}} Waiting
 *   `refused` if it did not even open; `code` is that of the close (RFC 6455 §7.4), 0 if it was given up
 *
 * @typedef {object} Surroundings
 * @property {(url: string) => WebSocket} connect
 * @property {(run: () => void, ms: number) => number} setTimer
 * @property {(timer: number) => void} clearTimer
 * @property {() => number} chance from 0 to 1
 * @property {() => number} now in milliseconds
 *
 * @typedef {object} Listener
 * @property {(status: Status) => void} onStatus
 * @property {(data: string | ArrayBuffer) => void} onMessage
 */

/** A WebSocket that comes back. */
export class Connection {
  /** @type {Status} */
  #status = { state: "closed" };
  /** @type {WebSocket | undefined} */
  #socket;
  /**
   * The one timer of the state: the attempt's, the wait's, or that of being steady.
   * @type {Timer}
   */
  #timer;
  /**
   * Runs while something was sent and nothing has arrived since.
   * @type {Timer}
   */
  #answer;
  #failures = 0;
  /** How much was still to leave the browser when that was last looked at. */
  #left = 0;
  /** When all that was sent has passed the slowest line. */
  #clear = 0;
  /** @type {string} */
  #url;
  /** @type {Listener} */
  #listener;
  /** @type {Surroundings} */
  #around;

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {Surroundings} around
   */
  constructor(url, listener, around = browser) {
    this.#url = url;
    this.#listener = listener;
    this.#around = around;
    this.#timer = new Timer(around);
    this.#answer = new Timer(around);
  }

  /** Connects, unless that is under way or done. */
  start() {
    if (this.#status.state === "closed") this.#attempt();
  }

  /** Connects at once instead of waiting for the time to be up. */
  retry() {
    if (this.#status.state === "waiting") this.#attempt();
  }

  /** Closes, and stays closed until it is started again. */
  stop() {
    this.#abandon();
    this.#failures = 0;
    this.#enter({ state: "closed" });
  }

  /**
   * Sends, if it is open.
   * @param {string | Uint8Array<ArrayBuffer>} data
   * @returns {boolean} whether it was handed to the socket
   */
  send(data) {
    if (this.#status.state !== "open" || !this.#socket) return false;
    this.#socket.send(data);
    this.#clear = Math.max(this.#clear, this.#around.now()) + Math.floor(data.length / SLOWEST);
    // What is sent later gives no more time: nothing would ever be given up while one goes on sending.
    if (!this.#answer.runs) this.#expectAnswer();
    return true;
  }

  /** The system takes a short text at once, wherever it goes: that it left the browser then means nothing. */
  #expectAnswer() {
    // The system's buffers hold a whole picture, and are not seen.
    const passing = this.#clear - this.#around.now();
    this.#answer.start(() => {
      this.#left = this.#socket?.bufferedAmount ?? 0;
      this.#awaitAnswer(passing + ANSWER_TIME - SETTLE_TIME);
    }, SETTLE_TIME);
  }

  /**
   * A large file on a slow line takes longer than an answer may: as long as it leaves, nothing is lost.
   * @param {number} ms
   */
  #awaitAnswer(ms) {
    this.#answer.start(() => {
      const left = this.#socket?.bufferedAmount ?? 0;
      const leaves = left < this.#left;
      this.#left = left;
      if (leaves) this.#awaitAnswer(ANSWER_TIME);
      else this.#lost(0);
    }, ms);
  }

  #attempt() {
    this.#abandon();
    this.#enter({ state: "connecting" });
    const socket = this.#around.connect(this.#url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = (event) => this.#lost(event.code);
    this.#socket = socket;
    this.#timer.start(() => this.#lost(0), CONNECT_TIME);
  }

  #opened() {
    this.#timer.start(() => {
      this.#failures = 0;
    }, STEADY_TIME);
    this.#enter({ state: "open" });
  }

  /** @param {string | ArrayBuffer} data */
  #heard(data) {
    this.#answer.stop();
    this.#listener.onMessage(data);
  }

  /** @param {number} code */
  #lost(code) {
    const after = this.#status.state === "open" ? "lost" : "refused";
    this.#abandon();
    const ms = delay(this.#failures, this.#around.chance());
    this.#failures += 1;
    this.#timer.start(() => this.#attempt(), ms);
    this.#enter({ state: "waiting", ms, after, code });
  }

  /** Lets go of the socket and of what was waited for; a socket that hangs is not waited for either. */
  #abandon() {
    this.#timer.stop();
    this.#answer.stop();
    this.#clear = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {Status} status */
  #enter(status) {
    this.#status = status;
    this.#listener.onStatus(status);
  }
}

/** A timer that runs at most once at a time. */
class Timer {
  /** @type {number | undefined} */
  #timer;
  /** @type {Surroundings} */
  #around;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  get runs() {
    return this.#timer !== undefined;
  }

  /**
   * @param {() => void} run
   * @param {number} ms
   */
  start(run, ms) {
    this.stop();
    this.#timer = this.#around.setTimer(() => {
      this.#timer = undefined;
      run();
    }, ms);
  }

  stop() {
    if (this.#timer !== undefined) this.#around.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

/** @type {Surroundings} */
const browser = {
  connect: (url) => new WebSocket(url),
  setTimer: (run, ms) => Number(setTimeout(run, ms)),
  clearTimer: (timer) => clearTimeout(timer),
  chance: Math.random,
  now: () => performance.now(),
};
