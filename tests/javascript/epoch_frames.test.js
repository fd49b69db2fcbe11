// Which epoch's matrix is shown, what is known of it, and what is said.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  EpochFrames,
  frameText,
  mistakesOf,
  noMatrixText,
  pairsCaption,
  rowsOf,
} from "../../realtime/static/realtime/run/epoch_matrix/epoch_frames.js";

const matrix = (right, samples = 360) => ({ classes: 2, samples, right, pairs: 2, cells: [], mistakes: [] });
const answer = (epochs, best, last = epochs.at(-1)) => ({
  class_names: ["not 8", "8"],
  best_epoch: best,
  epochs: epochs.length,
  first: epochs[0] ?? null,
  last: last ?? null,
  matrices: epochs.map((epoch) => ({ epoch, matrix: matrix(300 + epoch) })),
});
const opened = (live, epochs = [0, 1, 2, 3], best = 1) => {
  const frames = new EpochFrames();
  frames.load(answer(epochs, best), { live });
  return frames;
};

test("an ended run opens with its best epoch, one that goes on with the newest", () => {
  assert.equal(opened(false).at, 1);
  assert.deepEqual([opened(true).at, opened(true).following], [3, true]);
  assert.equal(opened(false, [0, 1], null).at, 1);
  assert.equal(opened(false, [0, 1], 7).at, 1); // its best epoch was made void
});

test("a run that goes on is followed until another epoch is chosen, and again from the newest one", () => {
  const frames = opened(true);
  assert.equal(frames.extend(4, 4), true);
  assert.deepEqual([frames.at, frames.isKnown, frames.matrix, frames.best], [4, false, undefined, 4]);
  frames.move(2);
  assert.equal(frames.extend(5, 4), false);
  assert.deepEqual([frames.at, frames.last], [2, 5]);
  frames.move(5);
  assert.equal(frames.extend(6, 4), true);
  assert.equal(frames.at, 6);
  assert.equal(frames.extend(6, 4), false);
});

test("the chosen epoch stays when all is read again, unless it is void", () => {
  const frames = opened(true);
  frames.move(2);
  frames.load(answer([0, 1, 2, 3, 4], 4), { live: true });
  assert.equal(frames.at, 2);
  frames.load(answer([0, 1], 1), { live: true });
  assert.deepEqual([frames.at, frames.following], [1, true]);
});

test("the slider ends where the epochs end", () => {
  const frames = opened(false);
  frames.move(-3);
  assert.equal(frames.at, 0);
  frames.move(99);
  assert.equal(frames.at, 3);
  assert.equal(opened(false, [], null).isEmpty, true);
});

test("where the best epoch is marked", () => {
  assert.equal(opened(false, [0, 1, 2, 3, 4], 1).bestAt, 0.25);
  assert.equal(opened(false, [0], 0).bestAt, 0);
  assert.equal(opened(false, [0, 1], 5).bestAt, null);
  assert.equal(opened(false, [0, 1], null).bestAt, null);
});

test("no more than a thousand matrices are kept, the shown one among them", () => {
  const frames = new EpochFrames();
  frames.load(answer([0, 5000], 0), { live: false });
  for (let epoch = 1; epoch < 1500; epoch++) frames.add({ matrices: [{ epoch, matrix: matrix(epoch) }] });
  assert.equal(frames.at, 0);
  assert.equal(frames.matrix.right, 300);
  frames.move(1);
  assert.equal(frames.isKnown, false);
  frames.move(1499);
  assert.equal(frames.matrix.right, 1499);
});

test("words name the epoch, the best one, and what is right", () => {
  const frames = opened(false);
  assert.equal(frameText(frames, false), "Epoch 2 of 4, the best one · 301 of 360 right (83.6 %)");
  frames.move(3);
  assert.equal(frameText(frames, false), "Epoch 4 of 4 · 303 of 360 right (84.2 %)");
  assert.equal(frameText(frames, true), "Epoch 4 of 4, the newest: follows the training · 303 of 360 right (84.2 %)");
  frames.extend(9, 1);
  assert.match(frameText(frames, true), /Epoch 10 of 10.*loading/);
  frames.add({ matrices: [{ epoch: 9, matrix: null }] });
  assert.match(frameText(frames, true), /no matrix: its scores are not finite/);
});

test("cells become rows", () => {
  assert.deepEqual(rowsOf({ classes: 3, cells: [1, 2, 3, 4, 5, 6, 7, 8, 9] }), [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
});

test("a run whose scores were never finite has no matrix to choose, in one sentence", () => {
  const frames = opened(false);
  assert.equal(frames.hasNoMatrix, false);
  const diverged = { ...answer([0, 1], null), matrices: [0, 1].map((epoch) => ({ epoch, matrix: null })) };
  const none = new EpochFrames();
  assert.equal(none.hasNoMatrix, false); // nothing is known yet
  none.load(diverged, { live: true });
  assert.equal(none.hasNoMatrix, true);
  assert.match(noMatrixText(none), /^2 epochs, none with a matrix: .* not finite/);
  none.add({ ...diverged, matrices: [{ epoch: 2, matrix: matrix(300) }] });
  assert.equal(none.hasNoMatrix, false);
});

test("of many classes the mistakes are those of the result's list", () => {
  const kept = { ...matrix(80), classes: 300, pairs: 1234, mistakes: [[4, 7, 3, 12]] };
  assert.deepEqual(mistakesOf(kept), [{ i: 4, j: 7, cell: 3, share: 0.25 }]);
  assert.equal(pairsCaption(kept), "The 1 most frequent of 1,234 pairs of 300 classes that are mistaken");
  assert.equal(pairsCaption({ ...kept, pairs: 1 }), "The one pair of 300 classes that is mistaken");
  assert.equal(pairsCaption({ ...kept, mistakes: [], pairs: 0 }), "No pair of 300 classes is mistaken");
});
