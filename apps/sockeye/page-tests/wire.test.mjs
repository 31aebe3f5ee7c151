import assert from "node:assert/strict";
import { test } from "node:test";

import { fromText, Lines, MAX_FRAME, parseFrame, toText } from "../page/wire.js";
import { randomness } from "./random.mjs";

test("frames are read, and what is none is not", () => {
  for (const [text, frame] of [
    ["o", { type: "open" }],
    ["h", { type: "heartbeat" }],
    ["h".repeat(2048), { type: "heartbeat" }],
    ['a["\\ud83d\\udc1f","\\u0000"]', { type: "messages", messages: ["🐟", "\0"] }],
    ["a[]", { type: "messages", messages: [] }],
    ['c[3000,"Go away!"]', { type: "close", code: 3000, reason: "Go away!" }],
    ["c[1000]", { type: "close", code: 1000, reason: "" }],
  ]) {
    assert.deepEqual(parseFrame(text), frame, text);
  }
  for (const text of ["", "x", "<html>", "a", "a{}", 'a"text"', "a[1]", 'a["', "c", "c[]", 'c["1000"]', "c[1.5]"]) {
    assert.equal(parseFrame(text), undefined, text);
  }
});

test("bytes come through text as they were, whatever they are", () => {
  const random = randomness(7);
  for (const length of [0, 1, 2, 3, 255, 24_575, 24_576, 24_577, 100_000]) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const text = toText(bytes);
    assert.equal(text, `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`);
    assert.deepEqual(new Uint8Array(fromText(text)), bytes);
  }
});

test("text stays text, also if it only looks like bytes", () => {
  for (const text of ["", "안녕 🐟", "data:text/plain,hi", "data:application/octet-stream;base64,**"]) {
    assert.equal(fromText(toText(text)), text);
  }
});

test("lines are the same wherever a stream is cut", () => {
  const random = randomness(11);
  const lines = Array.from({ length: 40 }, (_, n) => "a".repeat(random.below(9)) + n);
  const stream = lines.map((line) => `${line}\n`).join("");
  for (let turn = 0; turn < 200; turn += 1) {
    const [read, got] = [new Lines(), []];
    for (let at = 0; at < stream.length; ) {
      const end = at + random.below(12);
      got.push(...read.push(stream.slice(at, end)));
      at = end;
    }
    assert.deepEqual(got, lines);
  }
});

test("a line without end is given up", () => {
  const lines = new Lines();
  const piece = "x".repeat(MAX_FRAME / 4);
  for (let n = 0; n < 4; n += 1) lines.push(piece);
  assert.throws(() => lines.push("x"), RangeError);
});
