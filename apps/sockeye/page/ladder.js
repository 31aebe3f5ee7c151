// Which transport is tried next: one that was picked, or the best that passes. Pure.
//
// By itself it begins with WebSocket, and goes one rung down when the server is there and the transport does not pass.
// What works is kept and remembered. The top is tried again after a while, each time it fails after a longer one, so that
// a page behind a proxy that blocks WebSocket does not go up and down.

/** @typedef {"websocket" | "xhr-streaming" | "eventsource" | "xhr-polling"} Transport */
/** @typedef {"auto" | Transport} Pick */

/** @type {readonly Transport[]} the best first */
export const TRANSPORTS = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];
/** After how long below the top WebSocket is tried again, in milliseconds. */
export const FIRST_CLIMB = 5 * 60_000;
/** After how long at most. */
export const LAST_CLIMB = 2 * 60 * 60_000;

/**
 * What works on this network, as it is remembered.
 * @typedef {{transport: Transport, climbAt: number, wait: number}} Found
 *   `climbAt` and `now` are in milliseconds of the time of day, since it outlives the page
 */

/**
 * @param {unknown} text
 * @returns {text is Transport}
 */
export function isTransport(text) {
  return TRANSPORTS.some((transport) => transport === text);
}

/**
 * Reads what was remembered; `undefined` if it is nothing that was written here.
 * @param {any} read
 * @param {number} now
 * @returns {Found | undefined}
 */
export function parseFound(read, now) {
  const { transport, climbAt, wait } = read ?? {};
  if (!isTransport(transport) || !(wait >= FIRST_CLIMB && wait <= LAST_CLIMB)) return undefined;
  // A clock that was set back would keep it down for ever.
  return climbAt <= now + LAST_CLIMB ? { transport, climbAt, wait } : undefined;
}

/** The rungs, and where one stands. */
export class Ladder {
  /** @type {Pick} */
  #picked;
  /** Where it stands. */
  #rung = 0;
  /** What the attempt under way tries: the rung, or the top. */
  #trying = 0;
  #wait = FIRST_CLIMB;
  #climbAt = 0;

  /**
   * @param {Pick} [picked]
   * @param {Found} [found]
   */
  constructor(picked = "auto", found) {
    this.#picked = picked;
    if (!found) return;
    this.#rung = TRANSPORTS.indexOf(found.transport);
    this.#wait = found.wait;
    this.#climbAt = found.climbAt;
  }

  get picked() {
    return this.#picked;
  }

  /** What is to be remembered; `undefined` at the top. */
  get found() {
    const transport = TRANSPORTS[this.#rung];
    if (this.#rung === 0 || !transport) return undefined;
    return { transport, climbAt: this.#climbAt, wait: this.#wait };
  }

  /** @param {Pick} picked */
  pick(picked) {
    this.#picked = picked;
    // Who asks for it again wants to see what is possible now.
    if (picked === "auto") this.#rung = 0;
  }

  /** When the top may be tried again; `undefined` if this is it, or something else was picked. */
  get climbAt() {
    return this.#picked === "auto" && this.#rung > 0 ? this.#climbAt : undefined;
  }

  /**
   * Returns what the next attempt tries.
   * @param {number} now
   * @returns {Transport}
   */
  next(now) {
    if (this.#picked !== "auto") return this.#picked;
    this.#trying = now >= this.#climbAt ? 0 : this.#rung;
    return TRANSPORTS[this.#trying] ?? "websocket";
  }

  /** Something passed: this is where it stands. */
  proved() {
    if (this.#picked !== "auto") return;
    this.#rung = this.#trying;
    if (this.#rung === 0) this.#wait = FIRST_CLIMB;
  }

  /**
   * Nothing passed, though the server is there.
   * @param {number} now
   * @returns {"on" | "round"} `round` if all were tried, and the top comes next
   */
  blocked(now) {
    if (this.#picked !== "auto") return "round";
    if (this.#trying < this.#rung) {
      this.#wait = Math.min(2 * this.#wait, LAST_CLIMB);
    } else {
      this.#rung = (this.#rung + 1) % TRANSPORTS.length;
    }
    this.#climbAt = now + this.#wait;
    this.#trying = this.#rung;
    return this.#rung === 0 ? "round" : "on";
  }
}
