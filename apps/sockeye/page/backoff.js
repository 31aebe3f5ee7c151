// How long to wait before the next attempt to connect. Pure.

/** The first wait, in milliseconds, before jitter. */
export const FIRST = 500;
/** The longest wait, in milliseconds. */
export const LONGEST = 20_000;

/**
 * Returns the wait before an attempt: it doubles with each, and half of it is chance, so that many pages that lost the
 * same server do not come back at once.
 * @param {number} failures how many attempts failed in a row, from 0
 * @param {number} chance from 0 to 1
 * @returns {number} milliseconds
 */
export function delay(failures, chance) {
  const whole = Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 16));
  return Math.round(whole / 2 + (whole / 2) * chance);
}
