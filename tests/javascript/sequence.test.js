// Every event exactly once and in order, whatever arrives.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inSequence } from "../../realtime/static/realtime/events/sequence.js";

const events = (...numbers) => numbers.map((seq) => ({ type: "progress", seq }));
const numbers = (items) => items.map(({ seq }) => seq);

test("events in order are all new", () => {
  const { fresh, last, gap } = inSequence(events(4, 5, 6), 3);
  assert.deepEqual(numbers(fresh), [4, 5, 6]);
  assert.deepEqual([last, gap], [6, false]);
});

test("a duplicate after a reconnection is left out", () => {
  const { fresh, last, gap } = inSequence(events(2, 3, 4, 4, 5), 3);
  assert.deepEqual(numbers(fresh), [4, 5]);
  assert.deepEqual([last, gap], [5, false]);
});

test("nothing after a gap is accepted, and the last number stays before it", () => {
  const { fresh, last, gap } = inSequence(events(4, 6, 7), 3);
  assert.deepEqual(numbers(fresh), [4]);
  assert.deepEqual([last, gap], [4, true]);
});

test("skipped events count as received", () => {
  const skipped = { type: "skipped", from: 4, to: 90 };
  const { fresh, last, gap } = inSequence([skipped, ...events(91)], 3);
  assert.deepEqual(fresh, [skipped, ...events(91)]);
  assert.deepEqual([last, gap], [91, false]);
});

test("skipped events that are known in part are kept, those that are all known are not", () => {
  const overlapping = { type: "skipped", from: 2, to: 9 };
  assert.deepEqual(inSequence([overlapping], 3), { fresh: [overlapping], last: 9, gap: false });
  assert.deepEqual(inSequence([overlapping], 9), { fresh: [], last: 9, gap: false });
});

test("skipped events that begin after a missing one are a gap", () => {
  assert.deepEqual(inSequence([{ type: "skipped", from: 5, to: 9 }], 3), { fresh: [], last: 3, gap: true });
});

test("no items change nothing", () => {
  assert.deepEqual(inSequence([], 7), { fresh: [], last: 7, gap: false });
});
