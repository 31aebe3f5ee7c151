// What pages tell each other over `/say`, which relays and understands nothing. Pure.
//
// A page speaks in JSON texts that carry `"sockeye": 1`. All else is what someone says with another client: a text is
// shown as it is, a binary message by its size.

/** The most characters of a name that are kept. */
export const MAX_NAME = 40;
/** The most characters of a text that are shown. */
export const MAX_TEXT = 8000;
/** Longer texts are not looked into: no page sends them. */
const MAX_JSON = 64 * 1024;
const MAX_ID = 64;
const VERSION = 1;
/** Runs of white space, control characters, zero-width and direction marks; not the joiner that emoji are made with. */
const INVISIBLE = /[\p{Cc}\p{Z}\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;

/**
 * What arrived. `hello` asks who is there, `here` answers, `bye` leaves, `say` is talk; `text` and `bytes` come from
 * clients that are no pages.
 * @typedef {{type: "hello" | "here" | "bye", id: string, name: string}} Presence
 * @typedef {{type: "say", id: string, name: string, text: string}} Said
 * @typedef {{type: "text", text: string}} PlainText
 * @typedef {{type: "bytes", size: number}} PlainBytes
 * @typedef {Presence | Said | PlainText | PlainBytes} Heard
 */

/**
 * Reads what arrived; whatever it is, something comes out.
 * @param {string | ArrayBuffer} data
 * @returns {Heard}
 */
export function parse(data) {
  if (typeof data !== "string") return { type: "bytes", size: data.byteLength };
  return parsePage(data) ?? { type: "text", text: shown(data) };
}

/**
 * @param {string} data
 * @returns {Presence | Said | undefined}
 */
function parsePage(data) {
  if (!data.startsWith("{") || data.length > MAX_JSON) return undefined;
  /** @type {any} */
  let said;
  try {
    said = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (said.sockeye !== VERSION || !isId(said.id)) return undefined;
  const { type, id } = said;
  const name = tidyName(said.name);
  switch (type) {
    case "hello":
    case "here":
    case "bye":
      return { type, id, name };
    case "say":
      return typeof said.text === "string" ? { type, id, name, text: shown(said.text) } : undefined;
    default:
      return undefined;
  }
}

/**
 * Writes what a page tells the others.
 * @param {Presence | Said} message
 * @returns {string}
 */
export function encode(message) {
  return JSON.stringify({ sockeye: VERSION, ...message });
}

/**
 * Brings a name into the form it is shown in: one line, no control characters, not too long, never empty.
 * @param {unknown} name
 * @returns {string}
 */
export function tidyName(name) {
  if (typeof name !== "string") return "someone";
  const line = name.slice(0, 4 * MAX_NAME).replace(INVISIBLE, " ").trim();
  return [...line].slice(0, MAX_NAME).join("") || "someone";
}

/**
 * Writes a size as people read it.
 * @param {number} bytes
 * @returns {string}
 */
export function sizeOf(bytes) {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** @param {unknown} id */
function isId(id) {
  return typeof id === "string" && id.length > 0 && id.length <= MAX_ID;
}

/** @param {string} text */
function shown(text) {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more)`;
}
