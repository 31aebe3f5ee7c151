// Randomness that is the same in every run (mulberry32), and things made with it.

/**
 * @param {number} seed
 */
export function randomness(seed) {
  let state = seed >>> 0;
  /** @param {number} end a whole number from 0 to one below it */
  const below = (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
  /** @template T @param {T[]} things */
  const one = (things) => things[below(things.length)];
  return {
    below,
    one,
    /** @param {number} most */
    bytes: (most) => Uint8Array.from({ length: below(most + 1) }, () => below(256)),
    /** Text of odd characters. @param {number} most */
    text: (most) => {
      const chars = ["a", "Z", "7", " ", "/", "\\", '"', "<", "\n", "\u0000", "\u202e", "\ud800", "\udc00", "é", "민", "😀"];
      return Array.from({ length: below(most + 1) }, () => one(chars)).join("");
    },
  };
}
