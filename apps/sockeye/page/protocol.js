// What pages tell each other over `/say`, which relays and understands nothing, whatever the transport. Pure.
//
// A page speaks in JSON texts that carry `"sockeye": 1`, its id and its name:
//
//   hello  it came, and asks who is there        here  it is there      bye   it leaves
//   ask    is the page with the id `to` there?   say   its `text`, which `key` tells from its others
//
// `hello` and `here` may carry a number `n`: a page measures the round trip by hearing its own again. What is said is
// sent again when a connection was lost before the page heard itself; who hears an id's key twice drops the second.
//
// A picture or file is a binary message (frame.js reads and writes it):
//
//   93 53 41 59 | 01      | length  | head, JSON in UTF-8            | the file's bytes
//   magic       | version | 2 bytes | id, name, key, file name, type | to the end
//
// The length is big-endian, of the head alone, and at most 2048. All else is what someone says with another client: a
// text is shown as it is, a binary message by its size.

import { parseFile } from "./frame.js";

/** The most characters of a name that are kept. */
export const MAX_NAME = 40;
/** The most characters of a file's name that are kept. */
export const MAX_FILE_NAME = 120;
/** The most characters of a text that are shown. */
export const MAX_TEXT = 8000;
/** Longer texts are not looked into: no page sends them. */
const MAX_JSON = 64 * 1024;
const MAX_ID = 64;
const VERSION = 1;
/** Runs of white space, control characters, zero-width and direction marks; not the joiner that emoji are made with. */
const INVISIBLE = /[\p{Cc}\p{Z}\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;

/**
 * @typedef {{type: "hello" | "here" | "bye", id: string, name: string, n?: number}} Presence
 * @typedef {{type: "ask", id: string, name: string, to: string}} Ask
 * @typedef {{type: "say", id: string, name: string, key?: string, text: string}} Said
 * @typedef {import("./frame.js").File} File
 * @typedef {{type: "text", text: string}} PlainText
 * @typedef {{type: "bytes", bytes: Uint8Array<ArrayBuffer>}} PlainBytes
 * @typedef {Said | File | PlainText | PlainBytes} Talk
 * @typedef {Presence | Ask | Talk} Heard
 */

/**
 * Reads what arrived; whatever it is, something comes out.
 * @param {string | ArrayBuffer} data
 * @returns {Heard}
 */
export function parse(data) {
  if (typeof data !== "string") return parseFile(data) ?? { type: "bytes", bytes: new Uint8Array(data) };
  return parsePage(data) ?? { type: "text", text: shown(data) };
}

/**
 * @param {string} data
 * @returns {Presence | Ask | Said | undefined}
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
  const { type, id, n, to, key, text } = said;
  const name = tidyName(said.name);
  switch (type) {
    case "hello":
    case "here":
    case "bye":
      return Number.isSafeInteger(n) ? { type, id, name, n } : { type, id, name };
    case "ask":
      return isId(to) ? { type, id, name, to } : undefined;
    case "say":
      if (typeof text !== "string") return undefined;
      return { type, id, name, ...(isId(key) ? { key } : {}), text: shown(text) };
    default:
      return undefined;
  }
}

/**
 * Writes what a page tells the others, but for files.
 * @param {Presence | Ask | Said} message
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
  return tidyLine(name, MAX_NAME) || "someone";
}

/**
 * Brings a file's name into the form it is shown and saved in: no folders, one line; of a long one its end stays,
 * since that says what it is.
 * @param {unknown} name
 * @returns {string}
 */
export function tidyFile(name) {
  if (typeof name !== "string") return "file";
  const last = name.slice(-4 * MAX_FILE_NAME).split(/[/\\]/).at(-1) ?? "";
  const line = [...last.replace(INVISIBLE, " ").trim()].slice(-MAX_FILE_NAME).join("");
  // A leading dot would hide it where it is saved.
  return line.replace(/^\.+/, "") || "file";
}

/**
 * @param {unknown} id
 * @returns {id is string}
 */
export function isId(id) {
  return typeof id === "string" && id.length > 0 && id.length <= MAX_ID;
}

/**
 * @param {unknown} text
 * @param {number} most
 */
function tidyLine(text, most) {
  if (typeof text !== "string") return "";
  const line = text.slice(0, 4 * most).replace(INVISIBLE, " ").trim();
  return [...line].slice(0, most).join("");
}

/** @param {string} text */
function shown(text) {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}… (+${text.length - MAX_TEXT})`;
}
