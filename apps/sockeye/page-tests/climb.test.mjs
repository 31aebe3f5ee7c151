import assert from "node:assert/strict";
import { test } from "node:test";

import { Climb, CLIMB_TIME, MOST_BYTES, MOST_KEPT } from "../page/climb.js";
import { Clock } from "./clock.mjs";
import { randomness } from "./random.mjs";

/** A climb with what it told, and what its two transports hear. */
function setUp() {
  const [clock, told, socket] = [new Clock(), [], { closed: 0, close: () => (socket.closed += 1) }];
  const listener = {
    onOpen: () => told.push("open"),
    onReady: (_, rest) => told.push({ rest }),
    onFailed: () => told.push("failed"),
  };
  const climb = new Climb(socket, listener, clock);
  const above = (data) => socket.onmessage?.({ data });
  return { clock, told, socket, climb, above, below: (data) => climb.heard(data) };
}

test("it takes over once both heard the same, with what the other has not told yet", () => {
  const { clock, told, socket, above, below } = setUp();
  socket.onopen();
  below("0");
  above("1");
  above("2");
  assert.deepEqual(told, ["open"]);
  below("1");
  assert.deepEqual(told, ["open", { rest: ["2"] }]);
  assert.deepEqual([socket.closed, socket.onclose, clock.size], [0, null, 0]);
  below("2");
  assert.equal(told.length, 2);
});

test("it waits while the other is ahead", () => {
  const { told, above, below } = setUp();
  for (const text of ["0", "1", "2"]) below(text);
  above("1");
  assert.deepEqual(told, []);
  above("2");
  assert.deepEqual(told, [{ rest: [] }]);
});

test("bytes are compared by what they are", () => {
  const { told, above, below } = setUp();
  const bytes = (...list) => Uint8Array.from(list).buffer;
  above(bytes(1, 2));
  for (const other of [bytes(1, 3), bytes(1), "1,2"]) below(other);
  assert.deepEqual(told, []);
  above(bytes(9));
  below(bytes(1, 2));
  assert.deepEqual(told.length, 1);
});

test("whatever comes first, all is heard once and in order", () => {
  const random = randomness(5);
  for (let turn = 0; turn < 500; turn += 1) {
    const { told, above, below } = setUp();
    const said = Array.from({ length: 12 }, (_, n) => `${n}`);
    const joined = random.below(6);
    let [high, low] = [joined, random.below(joined + 1)];
    const heard = said.slice(0, low);
    while (told.length === 0 && (high < said.length || low < said.length)) {
      if (random.below(2) === 0 && high < said.length) above(said[high++]);
      else if (low < said.length) {
        heard.push(said[low]);
        below(said[low++]);
      }
    }
    assert.equal(told.length, 1);
    assert.deepEqual([...heard, ...told[0].rest, ...said.slice(high)], said);
  }
});

test("where they do not hear the same nothing takes over, and in the end it is given up", () => {
  const { clock, told, socket, above, below } = setUp();
  for (const text of ["1", "2"]) below(text);
  for (const text of ["1", "3", "2"]) above(text);
  below("3");
  clock.pass(CLIMB_TIME);
  assert.deepEqual([told, socket.closed], [["failed"], 1]);
});

test("one that closes, hears too much, or is given up leaves nothing behind", () => {
  const closes = setUp();
  closes.socket.onclose();
  const many = setUp();
  for (let n = 0; n <= MOST_KEPT; n += 1) many.below("x");
  const large = setUp();
  large.above("x".repeat(MOST_BYTES + 1));
  for (const { told, socket, clock } of [closes, many, large]) {
    assert.deepEqual([told, socket.closed, socket.onmessage, clock.size], [["failed"], 1, null, 0]);
  }
  const given = setUp();
  given.climb.stop();
  given.climb.stop();
  assert.deepEqual([given.told, given.socket.closed, given.clock.size], [[], 1, 0]);
});
