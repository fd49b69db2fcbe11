// A job on a model: what is said of it, and how often it is asked for.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

mock.timers.enable({ apis: ["setTimeout"] });
const listeners = new Set();
globalThis.document = {
  hidden: false,
  addEventListener: (_, listener) => listeners.add(listener),
  removeEventListener: (_, listener) => listeners.delete(listener),
  querySelector: () => ({ value: "token" }),
};

const { hasEnded, shownOf } = await import("../../experiments/static/experiments/model_jobs/job_text.js");
const { JobWatch } = await import("../../experiments/static/experiments/model_jobs/job_watch.js");

const JOB = { status: "running", progress: "Reading", done: 0, total: null, problem: null };
const settle = () => new Promise(setImmediate);
let answers, asked, heard, current;

beforeEach(() => {
  current?.stop();
  [answers, asked, heard] = [[], 0, []];
  listeners.clear();
  globalThis.document.hidden = false;
  globalThis.fetch = async () => {
    asked += 1;
    const [status, body] = answers.length > 1 ? answers.shift() : answers[0];
    if (status === 0) throw new TypeError("no network");
    return { ok: status < 400, status, text: async () => JSON.stringify(body) };
  };
});

const watch = () =>
  (current = new JobWatch("/api/model-jobs/1/", {
    onChange: (job) => heard.push(["change", job.status]),
    onEnd: (job) => heard.push(["end", job.status]),
    onTrouble: (words, goesOn) => heard.push(["trouble", words, goesOn]),
  }));

async function pass(milliseconds) {
  mock.timers.tick(milliseconds);
  await settle();
}

test("what a job is doing", () => {
  const shown = (changes) => shownOf({ ...JOB, ...changes });
  assert.deepEqual(shown({ status: "queued", progress: "" }), {
    pill: "queued",
    title: "Queued",
    words: "Waiting for a worker",
    count: "",
    share: null,
  });
  assert.deepEqual(shown({}), { pill: "in_progress", title: "In progress", words: "Reading", count: "", share: null });
  assert.equal(shown({ progress: "" }).words, "Starting");
  assert.deepEqual([shown({ done: 1200 }).count, shown({ done: 1200 }).share], ["1,200", null]);
  const half = shown({ done: 1200, total: 2400 });
  assert.deepEqual([half.count, half.share], ["1,200 of 2,400", 0.5]);
  assert.equal(shown({ done: 9, total: 3 }).share, 1);
  assert.equal(shown({ done: 0, total: 0 }).share, null);
  assert.deepEqual([shown({ status: "done" }).title, shown({ status: "done" }).share], ["Done", 1]);
  assert.equal(shown({ status: "failed" }).words, "");
  assert.equal(shown({ status: "paused" }).title, "paused");
});

test("which jobs have ended", () => {
  const states = ["queued", "running", "done", "failed", "cancelled"];
  assert.deepEqual(
    states.map((status) => hasEnded({ status })),
    [false, false, true, true, true],
  );
});

test("it is asked for less often while nothing changes, and sooner after a change", async () => {
  answers = [[200, JOB]];
  watch();
  await settle();
  await pass(499);
  assert.equal(asked, 1);
  await pass(1);
  assert.equal(asked, 2);
  await pass(749);
  assert.equal(asked, 2);
  await pass(1);
  assert.equal(asked, 3);
  for (let turn = 0; turn < 20; turn += 1) await pass(5_000);
  assert.equal(asked, 23); // never less often than that
  answers = [[200, { ...JOB, done: 1 }]];
  await pass(5_000);
  await pass(500);
  assert.equal(asked, 25);
});

test("it is asked for no more when it has ended, and that is told once", async () => {
  answers = [
    [200, JOB],
    [200, { ...JOB, status: "done" }],
  ];
  watch();
  await settle();
  await pass(500);
  await pass(60_000);
  assert.deepEqual(heard, [
    ["change", "running"],
    ["change", "done"],
    ["end", "done"],
  ]);
  assert.deepEqual([asked, listeners.size], [2, 0]);
});

test("nobody asks while the page is hidden; it asks at once when it is seen again", async () => {
  answers = [[200, JOB]];
  watch();
  await settle();
  globalThis.document.hidden = true;
  for (const listener of listeners) listener();
  await pass(600_000);
  assert.equal(asked, 1);
  globalThis.document.hidden = false;
  for (const listener of listeners) listener();
  await settle();
  assert.equal(asked, 2);
});

test("without an answer it tries again after growing pauses; a refusal ends it", async () => {
  answers = [[0], [503, { detail: "Busy." }], [404, { detail: "Model job 1 does not exist." }]];
  watch();
  await settle();
  await pass(1_000);
  await pass(1_999);
  assert.equal(asked, 2);
  await pass(1);
  await pass(600_000);
  assert.equal(asked, 3);
  assert.deepEqual(heard, [
    ["trouble", "The server could not be reached; try again.", true],
    ["trouble", "Busy.", true],
    ["trouble", "Model job 1 does not exist.", false],
  ]);
});

test("what was stopped says nothing any more", async () => {
  answers = [[200, JOB]];
  const stopped = watch();
  stopped.stop();
  await settle();
  await pass(60_000);
  assert.deepEqual([heard, asked], [[], 1]);
});
