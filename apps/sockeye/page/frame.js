// A picture or file on its way through the room: one binary message that says itself what it is. Pure.
// The layout is in protocol.js, with the rest of what pages tell each other.

import { isId, tidyFile, tidyName } from "./protocol.js";

const MAGIC = [0x93, 0x53, 0x41, 0x59];
const VERSION = 1;
/** Magic, version, and the head's length. */
const FIXED = 7;
/** The most bytes a head may have; a page's own stay below it, whatever its names are. */
export const MAX_HEAD = 2048;
/** What is taken for a type (RFC 6838 §4.2), without parameters. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const UNKNOWN = "application/octet-stream";
/** What is shown in place; nothing that can hold a script. */
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);

/**
 * @typedef {{type: "file", id: string, name: string, key: string, file: string, kind: string, bytes: Uint8Array<ArrayBuffer>}} File
 */

/**
 * Writes a file as one binary message.
 * @param {Omit<File, "type">} file
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeFile({ id, name, key, file, kind, bytes }) {
  const words = { id, name: tidyName(name), key, file: tidyFile(file), type: tidyType(kind) };
  const head = new TextEncoder().encode(JSON.stringify(words));
  const frame = new Uint8Array(FIXED + head.length + bytes.length);
  frame.set(MAGIC);
  frame[4] = VERSION;
  new DataView(frame.buffer).setUint16(5, head.length);
  frame.set(head, FIXED);
  frame.set(bytes, FIXED + head.length);
  return frame;
}

/**
 * Reads a binary message; `undefined` if it is not a page's file, and so someone else's bytes.
 * @param {ArrayBuffer} data
 * @returns {File | undefined}
 */
export function parseFile(data) {
  const frame = new Uint8Array(data);
  if (frame.length < FIXED || MAGIC.some((byte, at) => frame[at] !== byte) || frame[4] !== VERSION) return undefined;
  const length = new DataView(data).getUint16(5);
  if (length > MAX_HEAD || FIXED + length > frame.length) return undefined;
  const head = parseHead(frame.subarray(FIXED, FIXED + length));
  if (!head || !isId(head.id) || !isId(head.key)) return undefined;
  return {
    type: "file",
    id: head.id,
    name: tidyName(head.name),
    key: head.key,
    file: tidyFile(head.file),
    kind: tidyType(head.type),
    bytes: frame.subarray(FIXED + length),
  };
}

/**
 * Says whether files of a type are shown in place.
 * @param {string} kind
 */
export function isPicture(kind) {
  return PICTURES.has(kind);
}

/**
 * @param {Uint8Array} bytes
 * @returns {any} an object, or `undefined`
 */
function parseHead(bytes) {
  try {
    const head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof head === "object" && head !== null ? head : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} kind */
function tidyType(kind) {
  const bare = typeof kind === "string" ? (kind.slice(0, 200).split(";")[0] ?? "").trim().toLowerCase() : "";
  return TYPE.test(bare) ? bare : UNKNOWN;
}
