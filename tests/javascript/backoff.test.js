// The delay doubles with each failure, up to a limit, and is spread by a quarter in both directions.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_DELAY, reconnectDelay } from "../../realtime/static/realtime/events/backoff.js";

test("the delay doubles up to its limit", () => {
  const delays = [0, 1, 2, 3, 4, 40].map((failures) => reconnectDelay(failures, 0.5));
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 5000, 5000]);
  assert.equal(LONGEST_DELAY, 5000);
});

test("chance spreads it by a quarter", () => {
  assert.equal(reconnectDelay(1, 0), 750);
  assert.equal(reconnectDelay(1, 1), 1250);
});
