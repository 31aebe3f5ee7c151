// What the server says about itself, for the page to keep to.

/**
 * How many bytes one message may have.
 * @typedef {{messageBytes: number}} Settings
 */

/**
 * Reads the server's settings.
 * @param {any} read
 * @returns {Settings | undefined} `undefined` if this is not what a server says
 */
export function parseSettings(read) {
  const messageBytes = read?.message_bytes;
  return Number.isSafeInteger(messageBytes) && messageBytes > 0 ? { messageBytes } : undefined;
}

/**
 * Asks the server for its settings.
 * @returns {Promise<Settings | "unknown" | "unreachable">} `unknown` if it is there and does not say
 */
export async function askSettings() {
  try {
    const response = await fetch("/assets/settings.json", { signal: AbortSignal.timeout(5000) });
    if (response.status >= 500) return "unreachable";
    return (response.ok && parseSettings(await response.json())) || "unknown";
  } catch (error) {
    return error instanceof SyntaxError ? "unknown" : "unreachable";
  }
}
