import assert from "node:assert/strict";
import { test } from "node:test";

import { delay, FIRST, LONGEST } from "../page/backoff.js";

test("the wait doubles with each failure up to the longest", () => {
  assert.equal(delay(0, 1), FIRST);
  assert.equal(delay(1, 1), 2 * FIRST);
  assert.equal(delay(3, 1), 8 * FIRST);
  for (const many of [10, 1000, Infinity]) assert.equal(delay(many, 1), LONGEST);
});

test("half of the wait is chance", () => {
  for (const failures of [0, 3, 50]) {
    assert.equal(delay(failures, 0), delay(failures, 1) / 2);
    assert.ok(delay(failures, 0.5) > delay(failures, 0) && delay(failures, 0.5) < delay(failures, 1));
  }
});
