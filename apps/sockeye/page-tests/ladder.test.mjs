import assert from "node:assert/strict";
import { test } from "node:test";

import { FIRST_CLIMB, LAST_CLIMB, Ladder, parseFound, TRANSPORTS } from "../page/ladder.js";

test("it begins at the top, goes down one by one, and round", () => {
  const ladder = new Ladder();
  const tried = [];
  for (let n = 0; n < 5; n += 1) {
    tried.push(ladder.next(0));
    assert.equal(ladder.blocked(0), n === 3 ? "round" : "on");
  }
  assert.deepEqual(tried, [...TRANSPORTS, "websocket"]);
});

test("what was found stays for a while, then the top is tried again, each time later", () => {
  const ladder = new Ladder();
  ladder.next(0);
  ladder.blocked(0);
  let [now, wait] = [0, FIRST_CLIMB];
  for (let n = 0; n < 8; n += 1) {
    assert.equal(ladder.next(now + wait - 1), "xhr-streaming");
    ladder.proved();
    assert.equal(ladder.next(now + wait), "websocket");
    now += wait;
    assert.equal(ladder.blocked(now), "on");
    assert.equal(ladder.next(now), "xhr-streaming", "not a rung further down");
    wait = Math.min(2 * wait, LAST_CLIMB);
  }
  assert.equal(wait, LAST_CLIMB);
  assert.equal(ladder.next(now + wait), "websocket");
  ladder.proved();
  assert.equal(ladder.found, undefined);
  ladder.blocked(now);
  assert.equal(ladder.next(now + FIRST_CLIMB - 1), "xhr-streaming", "the wait is short again");
});

test("what was found is remembered, and only if it was written here", () => {
  const ladder = new Ladder();
  ladder.next(7);
  ladder.blocked(7);
  ladder.next(7);
  ladder.blocked(7);
  const found = ladder.found;
  assert.deepEqual(found, { transport: "eventsource", climbAt: 7 + FIRST_CLIMB, wait: FIRST_CLIMB });
  const again = new Ladder("auto", parseFound(JSON.parse(JSON.stringify(found)), 8));
  assert.equal(again.next(8), "eventsource");
  assert.equal(again.next(7 + FIRST_CLIMB), "websocket");
  for (const other of [
    undefined,
    null,
    7,
    {},
    { ...found, transport: "pigeon" },
    { ...found, wait: 0 },
    { ...found, wait: "long" },
    { ...found, climbAt: undefined },
    { ...found, climbAt: 9 + LAST_CLIMB },
  ]) {
    assert.equal(parseFound(other, 8), undefined, JSON.stringify(other));
  }
});

test("what is picked is what is tried; automatic begins at the top again", () => {
  const ladder = new Ladder("xhr-polling");
  assert.equal(ladder.next(0), "xhr-polling");
  assert.equal(ladder.blocked(0), "round");
  assert.equal(ladder.next(0), "xhr-polling");
  assert.equal(ladder.found, undefined);
  const fallen = new Ladder();
  fallen.next(0);
  fallen.blocked(0);
  fallen.pick("auto");
  assert.equal(fallen.next(0), "websocket");
});
