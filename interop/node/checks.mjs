// What a suite is made of: checks, each a sentence and a deadline.

/** The longest any check may take, in milliseconds. */
const DEADLINE = 20_000;

let failures = 0;

/**
 * Runs a check and prints how it went.
 * @param {string} sentence
 * @param {() => Promise<void>} run
 */
export async function check(sentence, run) {
  const started = performance.now();
  try {
    await within(DEADLINE, run());
    console.log(`  ok      ${sentence} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failures += 1;
    console.log(`  FAILED  ${sentence}\n${error instanceof Error ? error.stack : error}`);
  }
}

/**
 * Ends the suite: the status says whether all passed.
 * @returns {never}
 */
export function finish() {
  console.log(failures === 0 ? "  all passed" : `  ${failures} FAILED`);
  process.exit(failures === 0 ? 0 : 1);
}

/**
 * Waits for a promise, but not for ever.
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
