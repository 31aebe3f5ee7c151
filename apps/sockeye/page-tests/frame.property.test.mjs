import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeFile, parseFile } from "../page/frame.js";
import { MAX_FILE_NAME, MAX_NAME, parse } from "../page/protocol.js";
import { randomness } from "./random.mjs";

const ROUNDS = 5000;

/** What a page might be made to send. */
function anyFile(random) {
  return {
    id: random.text(20).padEnd(1, "x"),
    name: random.text(2 * MAX_NAME),
    key: random.text(20).padEnd(1, "x"),
    file: random.text(2 * MAX_FILE_NAME),
    kind: random.one(["image/png", "IMAGE/GIF; a=b", "text/html", "", random.text(90)]),
    bytes: random.bytes(40),
  };
}

/** Some bytes changed, some cut off, some doubled. */
function mangled(frame, random) {
  const bytes = [...frame];
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    const at = random.below(bytes.length + 1);
    random.one([
      () => bytes.splice(at, 1, random.below(256)),
      () => bytes.splice(at, random.below(20)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random.below(20))),
      () => bytes.splice(at),
    ])();
  }
  return Uint8Array.from(bytes);
}

/** Whatever was read, a page can say it on, and reads it the same. */
function assertTidy(file, seed) {
  assert.ok(file.name.length <= 2 * MAX_NAME && file.file.length <= 2 * MAX_FILE_NAME, `seed ${seed}`);
  assert.doesNotMatch(file.file, /[/\\\u0000-\u001f\u202a-\u202e]/, `seed ${seed}`);
  assert.deepEqual(parseFile(encodeFile(file).buffer), file, `seed ${seed}`);
}

test("any file that is written is read, tidied, and the same from then on", () => {
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = randomness(seed);
    const written = anyFile(random);
    const read = parseFile(encodeFile(written).buffer);
    assert.ok(read, `seed ${seed}`);
    assert.deepEqual(read.bytes, written.bytes, `seed ${seed}`);
    assertTidy(read, seed);
  }
});

test("any bytes are a file that can be said on, or none, and nothing throws", () => {
  let files = 0;
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = randomness(seed);
    const bytes = random.below(4) === 0 ? random.bytes(60) : mangled(encodeFile(anyFile(random)), random);
    const file = parseFile(bytes.buffer);
    if (file) {
      files += 1;
      assertTidy(file, seed);
    }
    assert.equal(parse(bytes.buffer).type, file ? "file" : "bytes", `seed ${seed}`);
  }
  assert.ok(files > ROUNDS / 50 && files < ROUNDS, `${files} files`);
});
