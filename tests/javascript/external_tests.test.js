// What the form of external tests asks for, and how comparisons write them.

import assert from "node:assert/strict";
import test from "node:test";

import { answersOf, requestBody } from "../../experiments/static/experiments/external_tests/request_body.js";
import { inOrder, texts } from "../../realtime/static/realtime/compare/external_text.js";

test("what was left blank is left out", () => {
  const fields = {
    source_path: " dataset:b ",
    name: "",
    site: "ward",
    subgroup_columns: "sex, , age",
    threshold: "kept",
  };
  const more = { class_names: "tumour=ill\n\nclean=well", rule: "cost", number: "3", "data.target_column": "y" };
  assert.deepEqual(requestBody({ ...fields, ...more }, { finding: "mass" }), {
    source_path: "dataset:b",
    site: "ward",
    subgroup_columns: ["sex", "age"],
    class_names: ["tumour=ill", "clean=well"],
    data: { finding: "mass", target_column: "y" },
    threshold: "kept",
  });
});

test("a rule has the number that it needs", () => {
  const fields = { source_path: "x", threshold: "rechosen", number: "0.9" };
  const body = (rule) => requestBody({ ...fields, rule });
  assert.deepEqual(body("sensitivity"), {
    source_path: "x",
    threshold: "rechosen",
    rule: "sensitivity",
    at_least: 0.9,
  });
  assert.equal(body("cost").cost_ratio, 0.9);
  assert.deepEqual(body("youden"), { source_path: "x", threshold: "rechosen", rule: "youden" });
});

test("answers are options of the data alone", () =>
  assert.deepEqual(answersOf({ "data.finding": "mass", "model.name": "cnn" }), { finding: "mass" }));

test("tests of the same data are beside each other", () => {
  const one = (run_id, source_path, content_hash = null) => ({ run_id, number: 1, source_path, content_hash });
  const order = inOrder([one(1, "a"), one(1, "b", "h"), one(2, "a"), one(2, "other name", "h")]);
  assert.deepEqual(
    order.map((found) => [found.run_id, found.source_path]),
    [
      [1, "a"],
      [2, "a"],
      [1, "b"],
      [2, "other name"],
    ],
  );
});

test("an overlap stands beside the data", () => {
  const statistics = { final_auroc_cm: 0.9, final_auroc_cm_ci_low: 0.8, final_auroc_cm_ci_high: 0.95 };
  const [data, samples, auroc, sensitivity] = texts({ source_path: "a", samples: 1200, overlap: "same", statistics });
  assert.deepEqual([data, samples], ["a (trained on it)", "1,200"]);
  assert.deepEqual([auroc, sensitivity], ["0.900 (0.800 to 0.950)", "–"]);
});
