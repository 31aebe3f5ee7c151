// A timer, and what it needs of its surroundings, so that tests can move the clock.

/**
 * @typedef {object} Timers
 * @property {(run: () => void, ms: number) => number} setTimer
 * @property {(timer: number) => void} clearTimer
 */

/** A timer that runs at most once at a time. */
export class Timer {
  /** @type {number | undefined} */
  #timer;
  /** @type {Timers} */
  #around;

  /** @param {Timers} around */
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
