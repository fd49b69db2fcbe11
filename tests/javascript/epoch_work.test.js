// What a live page does for each epoch that ends must not grow with the epochs before it.

import assert from "node:assert/strict";
import { Session } from "node:inspector/promises";
import { test } from "node:test";

import { Epochs } from "../../realtime/static/realtime/run/curves/epochs.js";
import { handlers } from "../../realtime/static/realtime/run/state.js";

const MOST = 1.2; // the exponent: 1 is a work that grows as the epochs do
const SCRIPTS = /\/realtime\/run\/(?:state|curves\/epochs)\.js$/;
const ITERATED = [Array, Map, Set];

// Count how often each part of these scripts runs, and each item that they go through.
async function workOf(act) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  let items = 0;
  const kept = ITERATED.map((kind) => kind.prototype[Symbol.iterator]);
  ITERATED.forEach((kind, i) => {
    kind.prototype[Symbol.iterator] = function () {
      items += this.length ?? this.size;
      return kept[i].call(this);
    };
  });
  act();
  ITERATED.forEach((kind, i) => (kind.prototype[Symbol.iterator] = kept[i]));
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  const parts = result.filter(({ url }) => SCRIPTS.test(url)).flatMap(({ functions }) => functions);
  assert.ok(parts.length > 10);
  return items + parts.flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0);
}

const fresh = () => ({ epochs: new Epochs(), monitor: "val_auroc", mode: "max", resumes: [], spent: 0 });

// Their numbers get better now and then, as those of a training do.
function train(state, total) {
  for (let epoch = 0; epoch < total; epoch++)
    for (const phase of ["train", "val"]) {
      const wave = Math.sin(epoch) / 10 - 1 / (epoch + 1);
      const metrics = { [`${phase}_loss`]: 1 - wave, [`${phase}_recall`]: wave, [`${phase}_auroc`]: wave };
      handlers.epoch_end(state, { epoch, phase, metrics }, { timestamp: "2026-01-31T12:00:00Z" });
    }
  return state;
}

test("ten times the epochs are hardly more than ten times the work", async () => {
  const found = [];
  for (const total of [1500, 15000]) {
    const state = fresh();
    found.push(await workOf(() => train(state, total)));
    assert.equal(state.epochsDone, total);
    assert.ok(state.bestEpoch > 0);
  }
  assert.ok(found[0] > 1500);
  const exponent = Math.log10(found[1] / found[0]);
  assert.ok(exponent <= MOST, `${found[0]} and ${found[1]} parts: the exponent is ${exponent}`);
});
