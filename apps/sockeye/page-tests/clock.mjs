// A clock that only tests move.

/** Timers that run when the clock is moved past them. */
export class Clock {
  now = 0;
  #next = 1;
  #timers = new Map();

  setTimer = (run, ms) => {
    const timer = this.#next;
    this.#next += 1;
    this.#timers.set(timer, { at: this.now + ms, run });
    return timer;
  };

  clearTimer = (timer) => {
    this.#timers.delete(timer);
  };

  /** How many timers wait. */
  get size() {
    return this.#timers.size;
  }

  /** Moves the clock, and runs what comes due, in order. */
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end);
      if (due.length === 0) break;
      due.sort(([, a], [, b]) => a.at - b.at);
      const [id, { at, run }] = due[0];
      this.#timers.delete(id);
      this.now = at;
      run();
    }
    this.now = end;
  }
}
