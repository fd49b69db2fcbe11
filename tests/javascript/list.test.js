// The list of runs: filters, selection, new runs, status, small curves.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ago } from "../../realtime/static/realtime/list/columns/ago.js";
import { matches } from "../../realtime/static/realtime/list/matching.js";
import { NewRuns } from "../../realtime/static/realtime/list/new_runs.js";
import { Selection } from "../../realtime/static/realtime/list/selection.js";
import { curveText, HEIGHT, points } from "../../realtime/static/realtime/list/columns/sparkline_points.js";
import { statusText } from "../../realtime/static/realtime/list/columns/status_text.js";

const RUN = {
  id: 12,
  status: "completed",
  source_path: "builtin:digits",
  model_name: "cnn",
  owner: "ada",
  experiment_name: "Baseline CNN",
  group_id: null,
  tags: ["good", "to keep"],
  reason: null,
  notes: [{ text: "A note on the side" }],
  created_at: "2026-01-31T12:00:00.000000Z",
};
const filters = (more = {}, query = "") => ({
  ...{ status: [], dataset: [], model: [], owner: [], project: [], experiment: [], group: [], tag: [], final_split: [] },
  ...{ deleted: false, name: "", search: "" },
  filters: () => new URLSearchParams(query),
  ...more,
});

test("without filters every run matches, except among deleted ones", () => {
  assert.equal(matches(RUN, filters()), true);
  assert.equal(matches(RUN, filters({ deleted: true })), false);
});

test("several values of a filter are alternatives, several filters are not", () => {
  assert.equal(matches(RUN, filters({ status: ["failed", "completed"] })), true);
  assert.equal(matches(RUN, filters({ status: ["failed"] })), false);
  assert.equal(matches(RUN, filters({ status: ["completed"], owner: ["eve"] })), false);
  assert.equal(matches(RUN, filters({ group: ["3"] })), false);
  assert.equal(matches({ ...RUN, group_id: 3 }, filters({ group: ["3"] })), true);
  assert.equal(matches({ ...RUN, model_name: null }, filters({ model: ["cnn"] })), false);
});

test("a final result of validation is none of a test split, and a run without one is neither", () => {
  const [tested, validated] = ["test", "val"].map((split) => ({ ...RUN, final: { split } }));
  const wanted = (...splits) => filters({ final_split: splits });
  assert.deepEqual(
    [tested, validated, RUN, { ...RUN, final: null }].map((run) => matches(run, wanted("test"))),
    [true, false, false, false],
  );
  assert.equal(matches(validated, wanted("test", "val")), true);
});

test("tags and names are found whatever their case", () => {
  assert.equal(matches(RUN, filters({ tag: [" GOOD "] })), true);
  assert.equal(matches(RUN, filters({ tag: ["bad"] })), false);
  assert.equal(matches(RUN, filters({ name: "baseline" })), true);
});

test("every word of a search must be found, a number may be the run's", () => {
  assert.equal(matches(RUN, filters({ search: "cnn  note" })), true);
  assert.equal(matches(RUN, filters({ search: "cnn missing" })), false);
  assert.equal(matches(RUN, filters({ search: "#12" })), true);
  assert.equal(matches(RUN, filters({ search: "#13" })), false);
});

test("dates include their beginning and exclude their end", () => {
  const day = (query) => matches(RUN, filters({}, query));
  assert.equal(day("created_after=2026-01-31T12:00:00Z"), true);
  assert.equal(day("created_before=2026-01-31T12:00:00Z"), false);
  assert.equal(day("created_after=nonsense"), true);
});

const runs = [1, 2, 3, 4].map((id) => ({ id }));

test("a click with Shift selects from the last click on, in both directions", () => {
  let changes = 0;
  const selection = new Selection(
    () => runs,
    () => (changes += 1),
  );
  selection.click(runs[2]);
  selection.click(runs[0], { shiftKey: true });
  assert.deepEqual(selection.ids.sort(), [1, 2, 3]);
  selection.click(runs[1], { shiftKey: true });
  assert.deepEqual(selection.ids.sort(), [3]);
  assert.equal(changes, 3);
});

test("Shift without an earlier click selects one run", () => {
  const selection = new Selection(
    () => runs,
    () => {},
  );
  selection.click(runs[3], { shiftKey: true });
  assert.deepEqual(selection.ids, [4]);
});

test("only selected runs are updated", () => {
  const selection = new Selection(
    () => runs,
    () => {},
  );
  selection.all([runs[0]], true);
  selection.update({ id: 1, status: "failed" });
  selection.update({ id: 2, status: "failed" });
  assert.deepEqual([...selection.runs.values()], [{ id: 1, status: "failed" }]);
  selection.clear();
  assert.deepEqual(selection.ids, []);
});

test("a run is new once for each status", () => {
  const fresh = new NewRuns(10);
  assert.equal(fresh.isUpdate({ id: 11, status: "queued" }), true);
  assert.equal(fresh.isUpdate({ id: 11, status: "queued" }), false);
  assert.equal(fresh.isUpdate({ id: 11, status: "in_progress" }), true);
  fresh.forgetReceived();
  assert.equal(fresh.isUpdate({ id: 11, status: "in_progress" }), true);
});

test("an older run stands on another page", () => {
  const fresh = new NewRuns(10);
  assert.equal(fresh.add({ id: 9, status: "queued" }), false);
  assert.equal(fresh.add({ id: 11, status: "queued" }), true);
  assert.equal(fresh.add({ id: 11, status: "failed" }), false);
  assert.equal(fresh.size, 1);
  assert.equal(fresh.remove(11), true);
  assert.equal(fresh.remove(11), false);
  fresh.clear([15, 14]);
  assert.equal(fresh.add({ id: 15, status: "queued" }), false);
  fresh.clear([]);
  assert.equal(fresh.add({ id: 16, status: "queued" }), true);
});

const progress = { fraction: 0.25, epoch: 1, max_epochs: 8, eta_seconds: 30 };

test("the status says how far a run has come", () => {
  const running = { status: "in_progress", reason: null, progress };
  assert.equal(statusText(running), "25 % of 8 epochs · about 30 s left");
  assert.equal(statusText({ ...running, progress: { ...progress, epoch: null } }), "Preparing data and model");
  assert.equal(statusText({ ...running, status: "completed" }), "2 of 8 epochs");
  assert.equal(statusText({ ...running, status: "failed", reason: "Out of memory" }), "Out of memory");
  assert.equal(statusText({ ...running, status: "cancelled", progress: { ...progress, epoch: null } }), "");
});

test("a queued run's place is that of the queue where it is known", () => {
  const queued = { status: "queued", reason: "Lost its worker", queue_position: 5, waits_for: null, progress };
  assert.equal(statusText(queued), "Number 5 in the queue · Lost its worker");
  const entry = { queue_position: 2, estimated_start: null, waits_for: "a GPU" };
  assert.equal(statusText(queued, entry), "Number 2 in the queue · a GPU · Lost its worker");
});

test("how long ago something was", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const before = (minutes) => ago(new Date(now - minutes * 60_000).toISOString(), now);
  assert.deepEqual([0, 1, 59, 60, 23 * 60 + 59, 24 * 60, 13 * 24 * 60].map(before), [
    "just now",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "23 h ago",
    "1 day ago",
    "13 days ago",
  ]);
  assert.match(before(14 * 24 * 60), /^2026-01-1\d$/);
  assert.equal(ago(null, now), "–");
});

test("a small curve fills its drawing, and a constant runs through the middle", () => {
  assert.deepEqual(points([0, 10, 5]), [
    [3, 25],
    [52, 3],
    [101, 14],
  ]);
  assert.deepEqual(points([7, 7]), [
    [3, HEIGHT / 2],
    [101, HEIGHT / 2],
  ]);
  assert.deepEqual(points([7]), [[3, HEIGHT / 2]]);
});

test("a small curve in words", () => {
  assert.equal(curveText({ metric: "val_loss", values: [0.5] }), "validation loss: 0.5000");
  assert.equal(
    curveText({ metric: "val_loss", values: [0.5, 0.1, 0.3] }),
    "validation loss, 3 values: first 0.5000, last 0.3000, lowest 0.1000, highest 0.5000",
  );
});
