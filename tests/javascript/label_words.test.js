// How many samples are listed, and how many runs contradict a label.

import assert from "node:assert/strict";
import { test } from "node:test";

import { contradicted, listWords } from "../../realtime/static/realtime/label_errors/label_words.js";

test("the list says how much of it is shown", () => {
  const list = { total: 120, samples: 1797, relabelled: 0 };
  assert.equal(listWords(list, 50), "The first 50 of 120 of 1,797 samples that were held out.");
  assert.equal(listWords(list, 120), "120 of 1,797 samples that were held out.");
  assert.equal(listWords({ ...list, total: 0 }, 0), "No run contradicts a label of 1,797 samples that were held out.");
});

test("samples with several labels are told", () => {
  const words = listWords({ total: 2, samples: 9, relabelled: 1 }, 2);
  assert.equal(
    words,
    "2 of 9 samples that were held out. 1 sample with different labels in different runs not listed.",
  );
});

test("the runs that contradict are counted", () => {
  assert.equal(contradicted({ runs_wrong: 2, runs: 5 }), "2 of 5");
});
