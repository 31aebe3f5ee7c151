import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST_BYTES, MOST_WAITING, Outbox, TRIES, WINDOW } from "../page/outbox.js";

/** An outbox on a line that can be cut. */
function setUp() {
  const line = { up: true, sent: [], failed: [] };
  const send = (data) => line.up && line.sent.push(data) > 0;
  return { line, outbox: new Outbox(send, (key) => line.failed.push(key)) };
}

test("what is said without a connection is sent once there is one, in order", () => {
  const { line, outbox } = setUp();
  line.up = false;
  for (const key of ["1", "2", "3"]) assert.equal(outbox.add(key, key, 1), "taken");
  line.up = true;
  outbox.pump();
  outbox.pump();
  assert.deepEqual(line.sent, ["1", "2", "3"]);
});

test("what was not heard when the connection was lost is sent again, and what was heard is not", () => {
  const { line, outbox } = setUp();
  for (const key of ["1", "2", "3"]) outbox.add(key, key, 1);
  assert.equal(outbox.delivered("1"), true);
  assert.equal(outbox.delivered("1"), false);
  outbox.lost();
  outbox.pump();
  assert.deepEqual(line.sent, ["1", "2", "3", "2", "3"]);
  for (const key of ["2", "3"]) outbox.delivered(key);
  assert.equal(outbox.size, 0);
});

test("large messages go one at a time, each once the one before was heard", () => {
  const { line, outbox } = setUp();
  for (const key of ["1", "2"]) outbox.add(key, key, WINDOW + 1);
  assert.deepEqual(line.sent, ["1"]);
  outbox.delivered("1");
  assert.deepEqual(line.sent, ["1", "2"]);
});

test("the window is used to its edge", () => {
  const { line, outbox } = setUp();
  for (const [key, bytes] of [["1", WINDOW - 1], ["2", 1], ["3", 1]]) outbox.add(key, key, bytes);
  assert.deepEqual(line.sent, ["1", "2"]);
});

test("a message that loses every connection fails, does not hold up others, and can be sent again", () => {
  const { line, outbox } = setUp();
  outbox.add("bad", "bad", 1);
  outbox.add("good", "good", 1);
  for (let n = 0; n < TRIES; n += 1) {
    assert.deepEqual(line.failed, []);
    outbox.lost();
    outbox.pump();
  }
  assert.deepEqual([line.failed, line.sent.at(-1)], [["bad"], "good"]);
  outbox.retry("good");
  outbox.retry("bad");
  assert.equal(line.sent.at(-1), "bad");
});

test("more messages or bytes than it may hold are not taken, and room is made by what is heard", () => {
  const { outbox } = setUp();
  for (let n = 0; n < MOST_WAITING; n += 1) assert.equal(outbox.add(String(n), "", 1), "taken");
  assert.equal(outbox.add("more", "", 1), "full");
  outbox.delivered("0");
  assert.equal(outbox.add("more", "", 1), "taken");
  const heavy = setUp().outbox;
  assert.equal(heavy.add("a", "", MOST_BYTES - 1), "taken");
  assert.equal(heavy.add("b", "", 2), "full");
  assert.equal(heavy.add("c", "", 1), "taken");
});
