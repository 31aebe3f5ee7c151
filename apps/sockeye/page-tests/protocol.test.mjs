import assert from "node:assert/strict";
import { test } from "node:test";

import { encode, MAX_NAME, MAX_TEXT, parse, sizeOf, tidyName } from "../page/protocol.js";

test("what a page says is read as it was said", () => {
  for (const type of ["hello", "here", "bye"]) {
    const presence = { type, id: "a1", name: "민지" };
    assert.deepEqual(parse(encode(presence)), presence);
  }
  const said = { type: "say", id: "a1", name: "민지", text: "안녕\n<b>😀</b>" };
  assert.deepEqual(parse(encode(said)), said);
});

test("what is not from a page is shown as it came", () => {
  const plain = [
    "hello",
    "",
    "{",
    "[1]",
    "null",
    '{"a":1}',
    '{"sockeye":2,"type":"say","id":"a","name":"b","text":"c"}',
    '{"sockeye":1,"type":"say","id":"","name":"b","text":"c"}',
    '{"sockeye":1,"type":"say","id":"a","name":"b","text":7}',
    '{"sockeye":1,"type":"shout","id":"a","name":"b"}',
    '{"sockeye":1,"type":"here","id":7,"name":"b"}',
    `{"sockeye":1,"type":"here","id":"${"a".repeat(65)}","name":"b"}`,
  ];
  for (const text of plain) assert.deepEqual(parse(text), { type: "text", text });
});

test("a binary message is known by its size alone", () => {
  assert.deepEqual(parse(new ArrayBuffer(3)), { type: "bytes", size: 3 });
});

test("a text is cut where it would be too long to show", () => {
  const long = "x".repeat(MAX_TEXT + 5);
  const cut = `${"x".repeat(MAX_TEXT)}… (5 more)`;
  assert.deepEqual(parse(long), { type: "text", text: cut });
  const heard = parse(encode({ type: "say", id: "a", name: "b", text: long }));
  assert.equal(heard.text, cut);
});

test("a name is one visible line of a bounded length", () => {
  assert.equal(tidyName("  Kim\n\t Minji  "), "Kim Minji");
  assert.equal(tidyName("a\u202eb\u2066c"), "a b c");
  assert.equal(tidyName("👩‍💻"), "👩‍💻");
  for (const none of ["", " \u200b ", undefined, null, 7, {}]) assert.equal(tidyName(none), "someone");
  assert.equal([...tidyName("😀".repeat(500))].length, MAX_NAME);
});

test("a size is written as people read it", () => {
  const sizes = [[0, "0 bytes"], [1, "1 byte"], [1023, "1023 bytes"], [1536, "1.5 KiB"], [1 << 20, "1.0 MiB"]];
  for (const [bytes, written] of sizes) assert.equal(sizeOf(bytes), written);
});
