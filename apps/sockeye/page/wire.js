// SockJS 0.3 as it is written: frames from the server, bodies to it, and bytes as text, since its transports carry
// nothing else. Pure.
//
//   o            opened                     a["…","…"]        messages
//   h            a sign of life             c[code,"reason"]  closed
//
// Bytes travel as `data:application/octet-stream;base64,…` (RFC 2397), both ways.

/** Longer frames are no server's: its outboxes end far below. */
export const MAX_FRAME = 64 * 1024 * 1024;
const DATA_URL = "data:application/octet-stream;base64,";
/** How many bytes are written as Base64 at a time; a multiple of three, so that the pieces fit together. */
const PIECE = 3 * 8192;

/**
 * @typedef {{type: "open"} | {type: "heartbeat"}} Sign
 * @typedef {{type: "messages", messages: string[]}} Messages
 * @typedef {{type: "close", code: number, reason: string}} Close
 * @typedef {Sign | Messages | Close} Frame
 */

/**
 * Reads a frame.
 * @param {string} text
 * @returns {Frame | undefined} `undefined` if it is none
 */
export function parseFrame(text) {
  switch (text[0]) {
    case "o":
      return { type: "open" };
    case "h":
      // Also the two thousand of them that a stream begins with.
      return { type: "heartbeat" };
    case "a": {
      const messages = parseList(text);
      if (!messages?.every((message) => typeof message === "string")) return undefined;
      return { type: "messages", messages };
    }
    case "c": {
      const [code, reason] = parseList(text) ?? [];
      return Number.isInteger(code) ? { type: "close", code, reason: String(reason ?? "") } : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * @param {string} text
 * @returns {any[] | undefined}
 */
function parseList(text) {
  try {
    const list = JSON.parse(text.slice(1));
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes a message as the text that carries it.
 * @param {string | Uint8Array} data
 * @returns {string}
 */
export function toText(data) {
  if (typeof data === "string") return data;
  const pieces = [DATA_URL];
  for (let at = 0; at < data.length; at += PIECE) {
    pieces.push(btoa(String.fromCharCode(...data.subarray(at, at + PIECE))));
  }
  return pieces.join("");
}

/**
 * Reads a message out of the text that carries it.
 * @param {string} text
 * @returns {string | ArrayBuffer}
 */
export function fromText(text) {
  if (!text.startsWith(DATA_URL)) return text;
  try {
    const letters = atob(text.slice(DATA_URL.length));
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer;
  } catch {
    // Somebody wrote it.
    return text;
  }
}

/** Puts lines together out of a stream's pieces, wherever it was cut. */
export class Lines {
  /** @type {string[]} */
  #rest = [];
  #length = 0;

  /**
   * Takes a piece, and returns the lines that it ends.
   * @param {string} piece
   * @returns {string[]}
   * @throws {RangeError} if a line is longer than a frame may be
   */
  push(piece) {
    const lines = piece.split("\n");
    const rest = lines.pop() ?? "";
    if (lines[0] !== undefined) {
      lines[0] = [...this.#rest, lines[0]].join("");
      this.#rest = [];
      this.#length = 0;
    }
    this.#rest.push(rest);
    this.#length += rest.length;
    if (this.#length > MAX_FRAME) throw new RangeError("a frame without end");
    return lines;
  }
}
