import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST, Seen } from "../page/seen.js";
import { parseSettings } from "../page/settings.js";
import { MOST_BYTES, MOST_MESSAGES, Shelf } from "../page/shelf.js";

test("a message is new once, and keys of different people are different", () => {
  const seen = new Seen();
  const notes = [["a", "1"], ["a", "1"], ["b", "1"], ["a", "2"], ['a","1', ""]].map(([id, key]) => seen.note(id, key));
  assert.deepEqual(notes, ["new", "repeat", "new", "new", "new"]);
});

test("only so many messages are remembered, the newest", () => {
  const seen = new Seen();
  for (let n = 0; n <= MOST; n += 1) seen.note("a", String(n));
  assert.equal(seen.note("a", "1"), "repeat");
  assert.equal(seen.note("a", "0"), "new");
});

test("the oldest go when there are too many, and when they weigh too much", () => {
  const many = new Shelf();
  for (let n = 0; n < MOST_MESSAGES; n += 1) assert.deepEqual(many.put(n, 0), []);
  assert.deepEqual(many.put("more", 0), [0]);
  const heavy = new Shelf();
  for (const thing of ["a", "b"]) assert.deepEqual(heavy.put(thing, MOST_BYTES / 2), []);
  assert.deepEqual(heavy.put("c", 1), ["a"]);
  assert.deepEqual(heavy.put("huge", MOST_BYTES + 1), ["b", "c"]);
});

test("settings are read if they are settings", () => {
  assert.deepEqual(parseSettings({ message_bytes: 1048576, more: 1 }), { messageBytes: 1048576 });
  for (const other of [undefined, null, 7, [], {}, { message_bytes: 0 }, { message_bytes: "1" }, { message_bytes: 1.5 }]) {
    assert.equal(parseSettings(other), undefined);
  }
});
