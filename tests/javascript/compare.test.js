// Runs side by side: options, scores, curves, groups.

import assert from "node:assert/strict";
import { test } from "node:test";

import { interval, macroTitle } from "../../realtime/static/realtime/charts/statistics_text.js";
import { parallelAxes, resultEnds } from "../../realtime/static/realtime/compare/axes.js";
import { joined } from "../../realtime/static/realtime/compare/joined_curves.js";
import { differences, flat, optionRows, shown } from "../../realtime/static/realtime/compare/options.js";
import { differencesOf, differenceText, scoreRows, verdict } from "../../realtime/static/realtime/compare/scores.js";
import { metricRange, metricValue } from "../../realtime/static/realtime/frame/metric_text.js";
import { comparable, testCaveat, warnings } from "../../realtime/static/realtime/compare/warnings.js";
import { groupSummary, spreadCaption } from "../../realtime/static/realtime/group/summary.js";

test("a configuration is flattened, lists are values", () => {
  assert.deepEqual(flat({ a: { b: 1, c: { d: [1, 2] } }, e: null }), [
    ["a.b", 1],
    ["a.c.d", [1, 2]],
    ["e", null],
  ]);
  assert.deepEqual(flat(null), []);
});

test("options that differ are found, missing ones too", () => {
  const runs = [
    { config: { lr: 0.1, layers: [1, 2], seed: 1 }, dataset_hash: "x" },
    { config: { lr: 0.2, layers: [1, 2] }, dataset_hash: "x" },
  ];
  assert.deepEqual(differences(runs), [
    ["lr", [0.1, 0.2]],
    ["seed", [1, undefined]],
  ]);
  assert.deepEqual(optionRows(runs).at(-1), ["data version", ["x", "x"]]);
  assert.deepEqual(differences([runs[0]]), []);
});

test("values of options are readable", () => {
  const values = [undefined, null, true, false, [1, 2], 0, "a"];
  assert.deepEqual(values.map(shown), ["", "–", "yes", "no", "1, 2", "0", "a"]);
});

const AUROC = { group: "Test split", name: "final_auroc_cm" };
const FOUND = {
  samples: 80,
  patients: null,
  best: null,
  against: [{ run: 1, difference: 0.0075, low: -0.006, high: 0.0231 }],
  problem: null,
};

test("only the AUROC of a split is compared, and only a shown difference has a best run", () => {
  assert.equal(differencesOf(AUROC, { test: FOUND }), FOUND);
  assert.equal(differencesOf({ group: "Validation split", name: "final_auroc_cm" }, { test: FOUND }), undefined);
  for (const row of [
    { group: "Test split", name: "final_f1_cm" },
    { group: "Cost", name: "duration" },
  ])
    assert.equal(differencesOf(row, { test: FOUND }), undefined);
  assert.equal(verdict(FOUND), "not distinguishable (n = 80)");
  assert.equal(verdict({ ...FOUND, best: 2, patients: 1200 }), "run 2 is better (1,200 patients)");
  assert.equal(
    verdict({ ...FOUND, problem: "The runs evaluated different samples." }),
    "not compared: The runs evaluated different samples",
  );
  assert.equal(verdict({ ...FOUND, comparisons: 3 }), "not distinguishable (n = 80; p adjusted for 3 pairs)");
  assert.equal(verdict(undefined), "");
  assert.equal(differenceText(FOUND, 1), "0.007 below the highest (-0.006 to 0.023)");
  assert.equal(differenceText(FOUND, 2), "");
});

const asked = (changes) => ({
  source_path: "a",
  dataset_hash: null,
  config: { seed: 1, data: { val_fraction: 0.2 }, loss: { name: "auto" }, model: { pos_weight: null }, ...changes },
});

test("other data, splits and losses are said, and curves of other losses are left out", () => {
  const names = ["epoch/val_loss", "epoch/val_auroc"];
  const equal = [asked({}), asked({ optimizer: { learning_rate: 1 } })];
  assert.deepEqual([warnings(equal), comparable(names, equal)], [[], names]);
  const [focal] = [asked({ loss: { name: "focal", focal_gamma: 2 } })];
  assert.match(warnings([asked({}), focal])[0], /different losses/);
  assert.deepEqual(comparable(names, [asked({}), focal]), ["epoch/val_auroc"]);
  assert.match(warnings([asked({}), asked({ model: { pos_weight: 3 } })])[0], /different losses/);
  assert.match(warnings([asked({}), asked({ seed: 2 })])[0], /split differently/);
  assert.match(warnings([asked({}), { ...asked({ seed: 2 }), source_path: "b" }])[0], /different data/);
  const same = [asked({}), asked({})].map((run, i) => ({ ...run, dataset_hash: "x", source_path: String(i) }));
  assert.deepEqual([warnings(same), warnings([asked({})])], [[], []]);
});

test("other test splits and other classes are said", () => {
  const of = (identity, classes) => ({
    ...asked({}),
    test_split: identity ? { identity, looks: 1 } : null,
    dataset: classes ? { classes } : null,
  });
  const two = ["no", "yes"];
  assert.deepEqual(warnings([of("a", two), of("a", two), of(null, null)]), []);
  assert.match(warnings([of("a", two), of("b", two)])[0], /^The test splits differ/);
  const seeded = (identity) => ({ ...of(identity, two), config: { ...asked({}).config, seed: 2 } });
  assert.match(warnings([of("a", two), seeded("a")])[0], /^The test samples are the same, but .* may have been split/);
  for (const otherOrUnknown of ["b", null])
    assert.match(warnings([of("a", two), seeded(otherOrUnknown)])[0], /^The data were split differently/);
  assert.match(warnings([of("a", two), of("a", ["yes", "no"])])[0], /different names or another order/);
  const [classes, losses] = warnings([of("a", two), of("a", [...two, "maybe"])]);
  assert.match(classes, /different numbers of classes/);
  assert.match(losses, /different losses/);
  const other = { ...of("b", two), source_path: "b" };
  assert.deepEqual(warnings([of("a", two), other]).length, 1); // other data: the splits say nothing more
});

test("runs that share test samples are told what a choice by them costs", () => {
  const looked = (identity, looks = 7) => ({ ...asked({}), test_split: identity ? { identity, looks } : null });
  const both = testCaveat([looked("a"), looked("a", 8)]);
  assert.match(both, /^These runs share their test samples, which have been evaluated 8 times\. /);
  assert.match(both, /uses the test split for selection/);
  assert.match(
    testCaveat([looked("a"), looked("a"), looked("b"), looked(null)]),
    /^2 of these runs share .* 7 times\./,
  );
  assert.match(
    testCaveat(["a", "a", "b", "b"].map((one) => looked(one))),
    /^Several of these runs share their test samples\. /,
  );
  for (const apart of [
    [],
    [looked("a")],
    [looked("a"), looked("b")],
    [looked(null), looked(null)],
    [asked({}), asked({})],
  ])
    assert.equal(testCaveat(apart), "");
});

const run = (id, monitor, found, duration = 10) => ({
  id,
  monitor,
  best: { val_loss: 0.4, val_loss_epoch: 2, ...found },
  duration_seconds: duration,
  config: { lr: id / 10 },
});
const runs = [run(1, "val_auroc", { value: 0.9, epoch: 3 }), run(2, "val_recall", { value: 0.8, epoch: null })];
const finals = new Map([[1, { test: { statistics: { final_auroc_cm: 0.95, final_f1_cm: null } } }]]);
const labels = { final_auroc_cm: "AUROC", final_f1_cm: "F1", final_recall_cm: "Recall" };

test("a list of added metrics is readable", () => {
  const metrics = [
    { name: "cohen_kappa", options: {}, suffix: null },
    { name: "fbeta_score", options: { beta: 2, average: "macro" }, suffix: "b2" },
  ];
  assert.equal(shown(metrics), 'cohen_kappa, fbeta_score (beta 2, average "macro") as fbeta_score_b2');
  assert.equal(shown([{ other: 1 }]), '{"other":1}');
});

test("added metrics have rows of the test split, and their own direction", () => {
  const both = [1, 2].map((id) => ({
    ...run(id, "val_hamming_distance", { value: id / 10, epoch: 1 }),
    config: { callbacks: { mode: "min" } },
  }));
  const statistics = (share) => ({
    final_auroc_cm: 0.9,
    test_auroc: 0.9,
    test_hamming_distance: share,
    test_cohen_kappa: 1 - share,
    "test_cohen_kappa/b": 1,
  });
  const found = new Map([1, 2].map((id) => [id, { test: { statistics: statistics(id / 10) } }]));
  const rows = scoreRows(both, found, labels, new Set(["val_loss", "test_hamming_distance"]));
  assert.deepEqual(rows.map(({ group, name, label, lower }) => [group, name, label, lower]).slice(0, 5), [
    ["Best epoch", "val_hamming_distance", "Validation hamming distance", true],
    ["Best epoch", "val_loss", "Validation loss", true],
    ["Test split", "final_auroc_cm", "AUROC", false],
    ["Test split", "test_hamming_distance", "Test hamming distance", true],
    ["Test split", "test_cohen_kappa", "Test cohen kappa", false],
  ]);
  assert.equal(rows[3].show(0.125), "0.1250");
});

test("each monitored metric has a row, and the loss", () => {
  const rows = scoreRows(runs, finals, labels, new Set(["val_loss"]));
  assert.deepEqual(
    rows.map(({ group, name, lower }) => [group, name, lower]),
    [
      ["Best epoch", "val_auroc", false],
      ["Best epoch", "val_recall", false],
      ["Best epoch", "val_loss", true],
      ["Test split", "final_auroc_cm", false],
      ["Cost", "duration", true],
    ],
  );
  assert.deepEqual(rows[0].values, [0.9, null]);
  assert.deepEqual(
    [rows[0].more(0), rows[0].more(1), rows[1].more(1), rows[2].more(0)],
    ["epoch 4", "", "", "epoch 3"],
  );
  assert.deepEqual([rows[3].values, rows[3].show(0.95), rows[4].show(10)], [[0.95, null], "0.950", "10 s"]);
});

test("the axes are options that differ, then results", () => {
  const axes = parallelAxes(runs, scoreRows(runs, finals, labels, new Set()));
  assert.deepEqual(
    axes.map(({ label }) => label),
    ["lr", "Best Validation AUROC", "Best Validation recall", "Best Validation loss", "Test AUROC", "Duration"].map(
      (label) => label.replace("Validation", "val"),
    ),
  );
});

test("an axis of results is not stretched to its extremes", () => {
  const ends = (values, lower = false) => resultEnds({ values, lower });
  assert.deepEqual(ends([0.9687, 0.9769, null]), [0.9, 1]);
  assert.deepEqual(ends([0.62, 0.97]), [0.6, 1]);
  assert.deepEqual([ends([1, 1]), ends([0, 0]), ends([0.5])], [[0.9, 1], [0, 0.1], [0.4, 0.6]]); // prettier-ignore
  assert.deepEqual(ends([100, 102], true), [95.9, 106.1]); // a loss, a duration
  assert.deepEqual(ends([10, 40], true), [10, 40]);
  assert.deepEqual(ends([-0.5, 0.5]), [-0.5, 0.5]); // a correlation
  assert.equal(ends([null, undefined]), undefined);
});

test("which data runs have and how they are named is on no axis", () => {
  const made = (source, target, rate) => ({
    config: {
      experiment_name: source,
      source_path: source,
      data: { target_column: target, image_columns: null, fold: rate },
      optimizer: { learning_rate: rate },
    },
    dataset_hash: source,
  });
  const axes = parallelAxes([made("a", "x", 1), made("b", "y", 2)], []);
  assert.deepEqual(axes, [{ label: "learning rate", values: [1, 2] }]);
});

test("curves share one axis, with gaps and empty places", () => {
  const curves = [
    { x: [1, 3], y: [10, null] },
    { x: [2], y: [20] },
    { x: [], y: [] },
  ];
  assert.deepEqual(joined(curves), [
    [1, 2, 3],
    [10, undefined, null],
    [undefined, 20, undefined],
    [undefined, undefined, undefined],
  ]);
  assert.deepEqual(joined([]), [[]]);
});

test("shares are percentages, scores have three decimals", () => {
  assert.equal(metricValue("final_auroc_cm", 0.5), "0.500");
  assert.equal(metricValue("final_f1_cm", 0.5), "50.0 %");
  assert.equal(metricValue("final_f1_cm", null), "–");
  assert.equal(metricRange("final_f1_cm", 0.25, 0.5), "25.0 to 50.0 %");
  assert.equal(metricRange("final_mcc", -0.5, 0.5), "-0.500 to 0.500");
  assert.equal(metricRange("final_f1_cm", null, 0.5), "");
  assert.equal(
    interval("final_npv", { "final_npv_ci_low/cat": 0.1, "final_npv_ci_high/cat": 0.2 }, "/cat"),
    "10.0 to 20.0 %",
  );
});

test("averages over the classes say over which they are", () => {
  const names = ["a", "b", "c"];
  const matrix = [
    [5, 0, 2],
    [2, 0, 1],
    [0, 0, 0],
  ];
  const rows = { "final_precision_cm/a": 5 / 7, "final_precision_cm/b": null, "final_precision_cm/c": 0 };
  assert.equal(
    macroTitle(matrix, names, { ...rows, final_precision_cm: 5 / 14 }),
    "Statistics, mean over the 2 of 3 classes that have samples; 1 never predicted, with a precision of 0",
  );
  const earlier = macroTitle(matrix, names, { ...rows, final_precision_cm: 5 / 7 });
  assert.equal(earlier, "Statistics, mean over the classes");
  const whole = [
    [1, 0],
    [0, 1],
  ];
  const perfect = { "final_precision_cm/a": 1, "final_precision_cm/b": 1, final_precision_cm: 1 };
  assert.equal(macroTitle(whole, ["a", "b"], perfect), "Statistics, mean over the classes");
});

test("a cross-validation says how many folds are done", () => {
  const fold = (status, fraction) => ({ status, progress: { fraction } });
  const going = groupSummary({
    size: 3,
    runs: [fold("completed", 1), fold("in_progress", 0.5), fold("queued", null)],
    notes: [],
  });
  assert.deepEqual([going.doneText, going.othersText], ["1 of 3 folds completed", "1 queued · 1 in progress"]);
  assert.deepEqual([going.done, going.ended, going.notices], [0.5, false, []]);
  const ended = groupSummary({ size: 3, runs: [fold("completed", 1), fold("failed", 0.2)], notes: ["Different data"] });
  assert.deepEqual(ended.notices, [
    "2 of 3 folds did not complete or were deleted; all numbers here are over the other 1.",
    "Different data",
  ]);
});

test("a table of folds says why the summed matrix or the mean has no interval", () => {
  const start = "Mean and spread over the folds";
  const pooled = { samples: 1200, patients: null };
  const own = `${start}; together: from the summed matrix, with its 95 % interval`;
  assert.equal(spreadCaption({ shared: false, pooled }), own);
  assert.equal(spreadCaption({ shared: false, pooled: { ...pooled, patients: 1200 } }), own);
  assert.equal(
    spreadCaption({ shared: false, pooled: { ...pooled, patients: 300 } }),
    `${start}; together: from the summed matrix, without an interval, as the 1,200 samples are of 300 patients`,
  );
  assert.equal(spreadCaption({ shared: false, pooled: null }), start);
  assert.match(spreadCaption({ shared: true, pooled: null }), /; they share these samples, so that the mean has no/);
});

test("saved operating points have rows where a run has one", () => {
  const plain = { id: 1, monitor: "val_auroc", best: {}, duration_seconds: 3 };
  const statistics = { final_sensitivity: 0.9, final_sensitivity_ci_low: 0.8, final_sensitivity_ci_high: 0.95 };
  const saved = { ...plain, id: 2, operating_point: { splits: { val: {}, test: statistics } } };
  const rows = scoreRows([plain, saved], new Map(), {}, new Set()).filter(({ group }) => group.includes("saved"));
  assert.deepEqual(
    rows.map(({ label, values }) => [label, values]),
    [["Sensitivity", [null, 0.9]]],
  );
  assert.equal(rows[0].more(1), "80.0 to 95.0 %");
  assert.equal(rows[0].more(0), "");
});
