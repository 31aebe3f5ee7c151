import assert from "node:assert/strict";
import { test } from "node:test";

import { encode, MAX_NAME, MAX_FILE_NAME, MAX_TEXT, parse, tidyFile, tidyName } from "../page/protocol.js";

test("what a page says is read as it was said", () => {
  for (const type of ["hello", "here", "bye"]) {
    const presence = { type, id: "a1", name: "민지" };
    assert.deepEqual(parse(encode(presence)), presence);
  }
  const numbered = { type: "here", id: "a1", name: "민지", n: 7 };
  const ask = { type: "ask", id: "a1", name: "민지", to: "b2" };
  const said = { type: "say", id: "a1", name: "민지", key: "3", text: "안녕\n<b>😀</b>" };
  const unkeyed = { type: "say", id: "a1", name: "민지", text: "from an older page" };
  for (const message of [numbered, ask, said, unkeyed]) assert.deepEqual(parse(encode(message)), message);
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
    '{"sockeye":1,"type":"ask","id":"a","name":"b"}',
    '{"sockeye":1,"type":"here","id":7,"name":"b"}',
    `{"sockeye":1,"type":"here","id":"${"a".repeat(65)}","name":"b"}`,
  ];
  for (const text of plain) assert.deepEqual(parse(text), { type: "text", text });
});

test("what is odd beside what is said is left away", () => {
  const heard = parse('{"sockeye":1,"type":"say","id":"a","name":"b","key":7,"text":"c","more":1}');
  assert.deepEqual(heard, { type: "say", id: "a", name: "b", text: "c" });
  const here = parse('{"sockeye":1,"type":"here","id":"a","name":"b","n":"7"}');
  assert.deepEqual(here, { type: "here", id: "a", name: "b" });
});

test("a binary message that is no page's file is someone's bytes", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.deepEqual(parse(bytes.buffer), { type: "bytes", bytes });
});

test("a text is cut where it would be too long to show", () => {
  const long = "x".repeat(MAX_TEXT + 5);
  const cut = `${"x".repeat(MAX_TEXT)}… (+5)`;
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

test("a file's name is one line without folders, and keeps its ending", () => {
  assert.equal(tidyFile("../../etc/passwd"), "passwd");
  assert.equal(tidyFile("C:\\photos\\강.jpg"), "강.jpg");
  assert.equal(tidyFile(".bashrc"), "bashrc");
  assert.equal(tidyFile("photo\u202egpj.exe"), "photo gpj.exe");
  assert.equal(tidyFile(`${"x".repeat(999)}.pdf`).length, MAX_FILE_NAME);
  assert.ok(tidyFile(`${"x".repeat(999)}.pdf`).endsWith(".pdf"));
  for (const none of ["", "..", "a/", undefined, 7]) assert.equal(tidyFile(none), "file");
});
