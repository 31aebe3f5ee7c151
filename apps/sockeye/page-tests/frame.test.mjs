import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeFile, isPicture, MAX_HEAD, parseFile } from "../page/frame.js";
import { MAX_FILE_NAME, MAX_NAME, parse } from "../page/protocol.js";

const FILE = { id: "a1", name: "민지", key: "3", file: "강.png", kind: "image/png", bytes: Uint8Array.of(0, 255, 7) };

/** A frame by hand: magic, version, length, head, bytes. */
function frame(head, { magic = [0x93, 0x53, 0x41, 0x59], version = 1, length, bytes = [1, 2] } = {}) {
  const words = typeof head === "string" ? new TextEncoder().encode(head) : head;
  const size = length ?? words.length;
  return Uint8Array.of(...magic, version, size >> 8, size & 255, ...words, ...bytes).buffer;
}

const head = (more) => JSON.stringify({ id: "a", name: "b", key: "1", file: "c.txt", type: "text/plain", ...more });

test("a file is read as it was written", () => {
  assert.deepEqual(parseFile(encodeFile(FILE).buffer), { type: "file", ...FILE });
  const empty = { ...FILE, bytes: new Uint8Array() };
  assert.deepEqual(parse(encodeFile(empty).buffer), { type: "file", ...empty });
});

test("the bytes on the wire are those that protocol.js documents", () => {
  const written = frame('{"id":"a","name":"b","key":"1","file":"c.txt","type":"text/plain"}');
  const file = { id: "a", name: "b", key: "1", file: "c.txt", kind: "text/plain", bytes: Uint8Array.of(1, 2) };
  assert.deepEqual(encodeFile(file).buffer, written);
});

test("whatever the names are, the head is one that is read", () => {
  for (const char of ["\ud800", "😀", '"', "\\", "\u0001x"]) {
    const names = { name: char.repeat(9 * MAX_NAME), file: char.repeat(9 * MAX_FILE_NAME) };
    const long = { ...FILE, ...names, id: "\ud800".repeat(64), key: "\ud800".repeat(64) };
    assert.equal(parseFile(encodeFile(long).buffer)?.type, "file", JSON.stringify(char));
  }
});

test("what is no page's file is read as none, whatever its bytes", () => {
  const none = [
    new ArrayBuffer(0),
    encodeFile(FILE).buffer.slice(0, 6),
    frame(head(), { magic: [0x93, 0x53, 0x41, 0x58] }),
    frame(head(), { version: 2 }),
    frame(head(), { length: 65535 }),
    frame(head(), { length: head().length + 3 }),
    frame(head(), { length: head().length - 1 }),
    frame(head({ more: "x".repeat(MAX_HEAD) })),
    frame(""),
    frame("null"),
    frame("7"),
    frame("[]"),
    frame("{}"),
    frame("[".repeat(MAX_HEAD)),
    frame([0xff, 0xfe, 0x7b]),
    frame(head({ id: "" })),
    frame(head({ id: 7 })),
    frame(head({ id: "x".repeat(65) })),
    frame(head({ key: undefined })),
    frame(head({ key: ["1"] })),
  ];
  for (const [at, data] of none.entries()) {
    assert.equal(parseFile(data), undefined, `case ${at}`);
    assert.equal(parse(data).type, "bytes");
  }
});

test("of a hostile head nothing but a tidy name and type is left", () => {
  const hostile = { file: "../..\\x\u202e.html", name: { a: 1 }, type: 'text/html"><script>' };
  const read = parseFile(frame(head(hostile)));
  assert.deepEqual([read.file, read.name, read.kind], ["x .html", "someone", "application/octet-stream"]);
  assert.equal(parseFile(frame(head({ type: "IMAGE/PNG; charset=x" }))).kind, "image/png");
  for (const type of [undefined, 7, "", "image", "image/", "/png", "a/b/c", "a b/c"]) {
    assert.equal(parseFile(frame(head({ type }))).kind, "application/octet-stream");
  }
});

test("only pictures that can hold no script are shown in place", () => {
  for (const kind of ["png", "jpeg", "gif", "webp", "avif"]) assert.ok(isPicture(`image/${kind}`));
  for (const kind of ["image/svg+xml", "text/html", "image/x", "application/pdf", ""]) assert.ok(!isPicture(kind));
});
