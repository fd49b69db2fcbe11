// How up to date the page is, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connectionText } from "../../realtime/static/realtime/frame/connection_text.js";

const NOW = 1_000_000;
const text = (state, run = {}) => connectionText(state, run, NOW);

test("a live connection says so, and how it is made", () => {
  assert.deepEqual(text({ kind: "live", quiet: 0 }), { kind: "live", text: "Live" });
  assert.deepEqual(text({ kind: "polling", quiet: 0 }), { kind: "live", text: "Live, without WebSocket" });
});

test("an ended run is complete", () => {
  assert.equal(text({ kind: "live", quiet: 100 }, { ended: true }).text, "Ended, all events received");
});

test("silence of a running run is stale after 30 seconds, not before", () => {
  assert.equal(text({ kind: "live", quiet: 29 }, { running: true }).kind, "live");
  const { kind, text: words } = text({ kind: "live", quiet: 30 }, { running: true });
  assert.equal(kind, "stale");
  assert.match(words, /^Stale: nothing heard for 30 s\. /);
});

test("what was caught up is said for a while", () => {
  const caughtUp = { events: 1, slept: true, until: NOW + 1 };
  assert.equal(text({ kind: "live", caughtUp }).text, "Awake again: caught up 1 event");
  const over = { events: 2, slept: false, until: NOW };
  assert.equal(text({ kind: "live", caughtUp: over }).text, "Live");
});

test("a reconnection counts down, and is stale after ten seconds", () => {
  const short = { kind: "reconnecting", since: NOW - 9_000, at: NOW + 1_200 };
  assert.deepEqual(text(short), { kind: "wait", text: "Reconnecting… Trying again in 2 s" });
  const long = { kind: "reconnecting", since: NOW - 65_000, at: NOW - 1 };
  assert.equal(text(long).kind, "stale");
  assert.match(text(long).text, /^Stale: no connection for 1 min 05 s\. Trying again; /);
});

test("final states name the way out", () => {
  assert.equal(text({ kind: "logged-out" }).link, "login");
  assert.equal(text({ kind: "refused" }).link, "reload");
  assert.deepEqual(text({ kind: "gone" }), { kind: "gone", text: "Deleted: no more events" });
  assert.equal(text({ kind: "missing" }).text, "Deleted, or you may no longer see it");
  const withdrawn = text({ kind: "withdrawn" });
  assert.equal(withdrawn.text, "You may no longer see this run");
  assert.equal(withdrawn.link, "runs");
});

test("events that are still to come are counted", () => {
  assert.equal(text({ kind: "catching-up", behind: 12_345 }).text, "Catching up: 12,345 events to go");
});
