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
// What carries it, a ladder chooses for each attempt. When nothing passed at all and the server answers other requests,
// the transport is blocked, and the next attempt takes another at once. From further down WebSocket is tried again now and
// then, beside what carries it meanwhile.
//
// Whatever it needs of its surroundings (sockets, timers, chance) is handed in, so that tests can move the clock.

import { delay } from "./backoff.js";
import { Climb } from "./climb.js";
import { Timer } from "./timer.js";

/** How long an attempt to connect may take, in milliseconds. */
export const CONNECT_TIME = 10_000;
/** How long each step of an attempt may take where another transport can be tried: to open, and to pass something. */
export const PROOF_TIME = 6_000;
/** How long after something was sent something must arrive; the room returns what is said in it. */
export const ANSWER_TIME = 15_000;
/** How long what is small takes at most to leave the browser, on a network that swallows it, too. */
export const SETTLE_TIME = 1000;
/** What a line carries that is waited for even once all has left the browser, in bytes a millisecond (256 kbit/s). */
export const SLOWEST = 32;
/** How long a connection must have held for the next wait to be short again. */
export const STEADY_TIME = 5_000;

/** RFC 6455 §7.4.1: what ends with it was not closed by the server. */
const ABNORMAL = 1006;

/**
 * @typedef {import("./ladder.js").Transport} Transport
 * @typedef {import("./sockjs.js").Socket} Socket
 *
 * @typedef {{state: "closed"} | {state: "connecting" | "open", transport: Transport} | Waiting} Status
 * @typedef {{state: "waiting", ms: number, after: "lost" | "refused", code: number, transport: Transport}} Waiting
 *   `refused` if it did not even open; `code` is that of the close (RFC 6455 §7.4), 0 if it was given up
 *
 * @typedef {object} Own
 * @property {(transport: Transport) => Socket} connect
 * @property {() => Promise<"there" | "unreachable">} ask whether the server answers at all, and may be asked otherwise
 * @property {() => number} chance from 0 to 1
 * @property {() => number} now in milliseconds
 * @property {() => number} date the same, of the time of day
 *
 * @typedef {Own & import("./timer.js").Timers} Surroundings
 *
 * @typedef {object} Listener
 * @property {(status: Status) => void} onStatus
 * @property {(data: string | ArrayBuffer) => void} onMessage
 * @property {() => void} onBeside another transport listens as well: something that comes back should be said
 */

/** A socket that comes back. */
export class Connection {
  /** @type {Status} */
  #status = { state: "closed" };
  /** @type {Socket | undefined} */
  #socket;
  /** @type {Transport} of this attempt, or the last */
  #transport = "websocket";
  /** Whether something came from the server, in this attempt. */
  #proved = false;
  /** @type {"no" | "yes" | "overdue"} whether it is being found out if the transport is blocked */
  #judging = "no";
  /** Counts attempts, so that what is found out too late is not taken for this one. */
  #attempts = 0;
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
  /**
   * Runs while it is open below the top of the ladder.
   * @type {Timer}
   */
  #untilClimb;
  /** @type {Climb | undefined} */
  #climb;
  #failures = 0;
  /** How much was still to leave the browser when that was last looked at. */
  #left = 0;
  /** When all that was sent has passed the slowest line. */
  #clear = 0;
  #ladder;
  /** @type {Listener} */
  #listener;
  /** @type {Surroundings} */
  #around;

  /**
   * @param {import("./ladder.js").Ladder} ladder
   * @param {Listener} listener
   * @param {Surroundings} around
   */
  constructor(ladder, listener, around) {
    this.#ladder = ladder;
    this.#listener = listener;
    this.#around = around;
    this.#timer = new Timer(around);
    this.#answer = new Timer(around);
    this.#untilClimb = new Timer(around);
  }

  /** Connects, unless that is under way or done. */
  start() {
    if (this.#status.state === "closed") this.#attempt();
  }

  /** Connects at once instead of waiting for the time to be up. */
  retry() {
    if (this.#status.state === "waiting") this.#attempt();
  }

  /**
   * Takes another transport, at once.
   * @param {import("./ladder.js").Pick} picked
   */
  pick(picked) {
    this.#ladder.pick(picked);
    this.#failures = 0;
    if (this.#status.state !== "closed") this.#attempt();
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
    const before = this.#socket.bufferedAmount;
    this.#socket.send(data);
    // Bytes grow on their way into text.
    const grown = typeof data === "string" ? 0 : this.#socket.bufferedAmount - before;
    const length = Math.max(data.length, grown);
    this.#clear = Math.max(this.#clear, this.#around.now()) + Math.floor(length / SLOWEST);
    // What is sent later gives no more time: nothing would ever be given up while one goes on sending.
    if (!this.#answer.runs) this.#expectAnswer();
    return true;
  }

  /**
   * Sends as the page is left.
   * @param {string} text
   */
  sendLast(text) {
    if (this.#status.state !== "open" || !this.#socket) return;
    if (this.#socket.sendLast) this.#socket.sendLast(text);
    else this.#socket.send(text);
  }

  /** The system takes a short text at once, wherever it goes: that it left the browser then means nothing. */
  #expectAnswer() {
    // The system's buffers hold a whole picture, and are not seen.
    const passing = this.#clear - this.#around.now();
    this.#answer.start(() => {
      this.#left = this.#socket?.bufferedAmount ?? 0;
      this.#awaitAnswer(passing + (this.#isOnTrial ? PROOF_TIME : ANSWER_TIME) - SETTLE_TIME);
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
    this.#attempts += 1;
    this.#proved = false;
    this.#transport = this.#ladder.next(this.#around.date());
    this.#enter({ state: "connecting", transport: this.#transport });
    this.#carry(this.#around.connect(this.#transport));
    this.#timer.start(() => this.#lost(0), this.#isOnTrial ? PROOF_TIME : CONNECT_TIME);
  }

  /** @param {Socket} socket */
  #carry(socket) {
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = (event) => this.#lost(event.code);
    this.#socket = socket;
  }

  #opened() {
    this.#timer.start(() => {
      this.#failures = 0;
    }, STEADY_TIME);
    this.#enter({ state: "open", transport: this.#transport });
    this.#planClimb();
  }

  #planClimb() {
    const { climbAt } = this.#ladder;
    if (climbAt === undefined) return;
    this.#untilClimb.start(() => this.#startClimb(), Math.max(0, climbAt - this.#around.date()));
  }

  #startClimb() {
    const date = this.#around.date();
    const transport = this.#ladder.next(date);
    if (transport === this.#transport) return this.#planClimb();
    const listener = {
      onOpen: () => this.#listener.onBeside(),
      onReady: (/** @type {Socket} */ socket, /** @type {(string | ArrayBuffer)[]} */ rest) => {
        this.#climb = undefined;
        this.#abandon();
        this.#transport = transport;
        this.#ladder.proved();
        this.#carry(socket);
        this.#opened();
        for (const data of rest) this.#heard(data);
      },
      onFailed: () => {
        this.#climb = undefined;
        this.#ladder.blocked(this.#around.date());
        this.#planClimb();
      },
    };
    this.#climb = new Climb(this.#around.connect(transport), listener, this.#around);
  }

  /** @param {string | ArrayBuffer} data */
  #heard(data) {
    this.#answer.stop();
    this.#prove();
    this.#listener.onMessage(data);
    this.#climb?.heard(data);
  }

  #prove() {
    if (this.#proved) return;
    this.#proved = true;
    this.#ladder.proved();
  }

  /** Whether there are other transports to try, if this one does not pass. */
  get #isOnTrial() {
    return !this.#proved && this.#ladder.picked === "auto";
  }

  /** @param {number} code */
  #lost(code) {
    const after = this.#status.state === "open" ? "lost" : "refused";
    // The server itself said that it ends: its words passed.
    if (code !== 0 && code !== ABNORMAL) this.#prove();
    this.#abandon();
    const ms = delay(this.#failures, this.#around.chance());
    this.#failures += 1;
    if (this.#isOnTrial) void this.#judge();
    this.#timer.start(() => {
      if (this.#judging === "no") this.#attempt();
      else this.#judging = "overdue";
    }, ms);
    this.#enter({ state: "waiting", ms, after, code, transport: this.#transport });
  }

  get #isOverdue() {
    return this.#judging === "overdue";
  }

  /** Nothing passed: is it the transport, or is there no server? */
  async #judge() {
    const attempt = this.#attempts;
    this.#judging = "yes";
    const answer = await this.#around.ask();
    if (attempt !== this.#attempts || this.#status.state !== "waiting") return;
    const isOverdue = this.#isOverdue;
    this.#judging = "no";
    const goesOn = answer === "there" && this.#ladder.blocked(this.#around.date()) === "on";
    if (goesOn || isOverdue) this.#attempt();
  }

  /** Lets go of the socket and of what was waited for; a socket that hangs is not waited for either. */
  #abandon() {
    this.#timer.stop();
    this.#answer.stop();
    this.#untilClimb.stop();
    this.#climb?.stop();
    this.#climb = undefined;
    this.#judging = "no";
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
