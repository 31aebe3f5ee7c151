// Waiting, but not for ever.

/** The longest that anything may take, in milliseconds. */
export const DEADLINE = 45_000;

/**
 * @template T
 * @param {string} what is waited for
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${DEADLINE} ms for ${what}`)), DEADLINE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
