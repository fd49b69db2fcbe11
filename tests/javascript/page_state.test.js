// The states of the page of a run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HeldEvents } from "../../realtime/static/realtime/run/held_events.js";
import { PageState, SIGNALS, TRANSITIONS } from "../../realtime/static/realtime/run/page_state.js";

const after = (...signals) => {
  const page = new PageState();
  for (const signal of signals) page.signal(signal);
  return page.name;
};

test("a page begins by loading, then it is live", () => {
  assert.equal(after(), "loading");
  assert.equal(after("loaded"), "live");
});

test("a lost connection and its return", () => {
  assert.equal(after("loaded", "lost"), "disconnected");
  assert.equal(after("loaded", "lost", "behind"), "catching_up");
  assert.equal(after("loaded", "lost", "behind", "current"), "live");
});

test("what the connection does while loading changes nothing", () => {
  for (const signal of ["lost", "current", "behind", "run_ended"]) assert.equal(after(signal), "loading");
});

test("an ended run may continue, be loaded again, or lose its connection", () => {
  assert.equal(after("loaded", "run_ended"), "ended");
  assert.equal(after("loaded", "run_ended", "current"), "ended");
  assert.equal(after("loaded", "run_ended", "run_continued"), "live");
  assert.equal(after("loaded", "run_ended", "load"), "loading");
  assert.equal(after("loaded", "run_ended", "lost", "current"), "live");
});

test("a run that ends while events are missing is not ended yet", () => {
  assert.equal(after("loaded", "behind", "run_ended"), "catching_up");
  assert.equal(after("loaded", "behind", "run_ended", "current", "run_ended"), "ended");
});

test("a deleted run leaves that state only by being restored", () => {
  for (const signal of ["load", "loaded", "lost", "current", "behind", "run_ended", "deleted"])
    assert.equal(after("loaded", "deleted", signal), "deleted");
  assert.equal(after("loaded", "deleted", "restored"), "loading");
});

test("a run that is gone, withdrawn or missing leads to the same state", () => {
  for (const kind of ["gone", "withdrawn", "missing"]) assert.equal(SIGNALS[kind], "deleted");
});

test("every state can be reached, and every state can be left", () => {
  const names = Object.keys(TRANSITIONS);
  const reached = new Set(Object.values(TRANSITIONS).flatMap(Object.values));
  assert.deepEqual([...reached].sort(), [...names].sort());
  for (const name of names)
    assert.ok(
      Object.values(TRANSITIONS[name]).some((next) => next !== name),
      name,
    );
});

test("a signal says whether it led on", () => {
  const page = new PageState();
  assert.equal(page.signal("lost"), false);
  assert.equal(page.signal("loaded"), true);
  assert.ok(page.is("live", "ended"));
  assert.ok(!page.is("loading"));
});

test("every state of a connection but `connecting` is a signal", () => {
  const kinds = ["live", "polling", "catching-up", "reconnecting", "logged-out", "refused"];
  kinds.push("gone", "withdrawn", "missing");
  assert.deepEqual(Object.keys(SIGNALS).sort(), kinds.sort());
});

const items = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ type: "progress", seq: from + i }));

test("held events are released once, in their order", () => {
  const held = new HeldEvents();
  held.add(items(1, 2));
  held.add(items(3, 3));
  assert.deepEqual(held.release(), items(1, 3));
  assert.deepEqual(held.release(), []);
});

test("a restart drops what was held, and leaves the given list alone", () => {
  const held = new HeldEvents();
  const given = items(7, 8);
  held.add(items(1, 2));
  held.restart(given);
  held.add(items(9, 9));
  assert.equal(given.length, 2);
  assert.deepEqual(held.release(), items(7, 9));
});

test("of very many events the newest are held", () => {
  const held = new HeldEvents();
  held.add(items(1, 4_000));
  held.add(items(4_001, 6_000));
  const released = held.release();
  assert.equal(released.length, 5_000);
  assert.deepEqual([released[0].seq, released.at(-1).seq], [1_001, 6_000]);
});
