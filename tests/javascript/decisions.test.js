// What a threshold decides, counted by hand and by brute force; and the paths of the curves.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  alternatives,
  path,
  precisionRecallPoints,
  reliabilityAlternative,
  reliabilityWords,
  rocPoints,
} from "../../realtime/static/realtime/run/evaluation/curve_paths.js";
import { inField, rates, Stops, typedShare } from "../../realtime/static/realtime/run/evaluation/decisions.js";

// Of ten samples four are positive; two share the score 0.5.
const STEPS = { thresholds: [0.9, 0.75, 0.5, 0.123456789], true: [1, 2, 3, 4], false: [0, 0, 1, 6], distinct: 4 };
const stops = new Stops(STEPS, { samples: 10, positives: 4 });

test("samples with the threshold's own score are positive", () => {
  for (const [threshold, place] of [
    [1, 0],
    [0.9, 1],
    [0.89, 1],
    [0.5, 3],
    [0.500001, 2],
    [0, 4],
  ])
    assert.equal(stops.placeOf(threshold), place, String(threshold));
  assert.deepEqual(stops.counts(3), { tp: 3, fp: 1, fn: 1, tn: 5 });
  assert.deepEqual(stops.counts(0), { tp: 0, fp: 0, fn: 4, tn: 6 });
});

test("the shortest threshold decides as the score itself does", () => {
  const written = [0, 1, 2, 3, 4].map((place) => stops.thresholdAt(place));
  assert.deepEqual(written, [null, 0.9, 0.7, 0.5, 0]);
  written.slice(1).forEach((threshold, i) => assert.equal(stops.placeOf(threshold), i + 1));
  const thinned = new Stops({ ...STEPS, distinct: 9 }, { samples: 10, positives: 4 });
  assert.equal(thinned.thresholdAt(4), 0.123456789); // another may be just below it
  const near = { thresholds: [1, 1 - 2 ** -53, 1e-300, 0], true: [1, 1, 1, 1], false: [0, 1, 2, 3], distinct: 4 };
  const close = new Stops(near, { samples: 4, positives: 1 });
  for (const place of [1, 2, 3, 4]) assert.equal(close.placeOf(close.thresholdAt(place)), place);
});

test("rates are shares of the counts, and unknown without samples", () => {
  assert.deepEqual(rates(stops.counts(3)), { sensitivity: 0.75, specificity: 5 / 6, ppv: 0.75, npv: 5 / 6 });
  assert.deepEqual(rates({ tp: 0, fp: 0, fn: 0, tn: 5 }), { sensitivity: null, specificity: 1, ppv: null, npv: 1 });
});

test("predictive values in the field follow Bayes' rule", () => {
  const found = { sensitivity: 0.9, specificity: 0.8, ppv: 0, npv: 0 };
  // Of 1,000 people 10 are ill: 9 are found, and 198 of 990 others are taken for ill.
  const { ppv, npv } = inField(found, 0.01);
  assert.ok(Math.abs(ppv - 9 / 207) < 1e-12 && Math.abs(npv - 792 / 793) < 1e-12);
  assert.deepEqual(inField(found, 0), { ppv: 0, npv: 1 });
  assert.deepEqual(inField({ ...found, specificity: 1 }, 0), { ppv: null, npv: 1 });
  assert.deepEqual(inField(found, null), { ppv: null, npv: null });
  // At the prevalence of the split they are those of the split.
  const own = rates(stops.counts(3));
  assert.ok(Math.abs(inField(own, 0.4).ppv - own.ppv) < 1e-12);
  assert.deepEqual(["", " ", "x", "-1", "101", "2.5"].map(typedShare), [null, null, null, null, null, 0.025]);
});

test("100,000 thresholds are moved through in far less than a frame each, and right", () => {
  const size = 100_000;
  const thresholds = Array.from({ length: size }, (_, i) => 1 - i / size);
  const right = thresholds.map((_, i) => Math.floor((i + 1) / 2));
  const wrong = right.map((hits, i) => i + 1 - hits);
  const many = new Stops(
    { thresholds, true: right, false: wrong, distinct: size },
    { samples: size, positives: right.at(-1) },
  );
  const begin = performance.now();
  for (let i = 0; i < 1000; i++) {
    const place = many.placeOf(thresholds[i * 97]);
    assert.equal(many.counts(place).tp, right[i * 97]);
    many.thresholdAt(place);
  }
  assert.ok((performance.now() - begin) / 1000 < 2);
});

test("the ROC begins at 0, 0; precision and recall go in steps", () => {
  assert.deepEqual(rocPoints(STEPS), [
    [0, 0],
    [0, 0.25],
    [0, 0.5],
    [1 / 6, 0.75],
    [1, 1],
  ]);
  assert.deepEqual(precisionRecallPoints({ thresholds: [0.75, 0.5], true: [2, 4], false: [0, 1] }), [
    [0, 1],
    [0.5, 1],
    [0.5, 0.8],
    [1, 0.8],
  ]);
  for (const alone of [
    { thresholds: [0.5], true: [3], false: [0] },
    { thresholds: [0.5], true: [0], false: [3] },
    { thresholds: [], true: [], false: [] },
  ])
    assert.deepEqual(rocPoints(alone), []);
  assert.deepEqual(precisionRecallPoints({ thresholds: [], true: [], false: [] }), []);
  const square = { left: 10, top: 20, size: 100 };
  assert.equal(
    path(
      [
        [0, 0],
        [0.5, 1],
      ],
      square,
    ),
    "M10.0,120.0L60.0,20.0",
  );
  assert.equal(path([], square), "");
});

test("diagrams are told in words", () => {
  const unknown = { value: null, ci_low: null, ci_high: null };
  const curves = {
    split: "test",
    class: "ill",
    samples: 10,
    positives: 4,
    auroc: { value: 0.931, ci_low: 0.9, ci_high: 1 },
    average_precision: unknown,
  };
  const { roc, precisionRecall } = alternatives(curves);
  assert.equal(roc, "ROC curve, Test split, ill against the rest. AUROC 0.931 (95 % interval 0.900 to 1.000).");
  assert.match(precisionRecall, /Average precision –\. Dashed: the prevalence, 40\.0 %\./);
  const bin = { samples: 5, low: 0, high: 0.3, mean_score: 0.2, share: 0.4, ci_low: 0.1, ci_high: 0.7 };
  assert.match(
    reliabilityWords([bin, { ...bin, samples: 6 }], 2),
    /^2 groups of 5 to 6 samples by score: .*class is true/,
  );
  assert.match(reliabilityWords([bin], 3), /^1 group of 5 samples by score: .*predicted class is right/);
  assert.match(reliabilityWords([], 2), /older version/);
  assert.equal(
    reliabilityAlternative([bin], "val"),
    "Reliability diagram, Validation split. mean score 0.200: 40.0 % of 5.",
  );
});
