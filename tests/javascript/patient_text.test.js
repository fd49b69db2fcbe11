import assert from "node:assert/strict";
import { test } from "node:test";

import { byPatient, patientWords } from "../../realtime/static/realtime/run/patients/patient_text.js";

const final = {
  split: "test",
  class_names: ["no", "yes"],
  confusion_matrix: [
    [8, 2],
    [3, 7],
  ],
  patients: 5,
};
const found = {
  patients: 5,
  mixed: 1,
  confusion_matrix: [
    [2, 1],
    [0, 2],
  ],
  statistics: { final_sensitivity: 1 },
};

test("patients take the place of samples where they were evaluated", () => {
  const finals = new Map([
    ["test", { ...final, by_patient: found }],
    ["val", { ...final, split: "val", by_patient: null }],
  ]);
  const shown = byPatient(finals);
  assert.deepEqual(shown.get("test").confusion_matrix, found.confusion_matrix);
  assert.deepEqual(shown.get("test").statistics, found.statistics);
  assert.equal(shown.get("test").unit, "patient");
  assert.match(shown.get("test").words, /\(1 patient has samples of both classes\)/);
  assert.equal(shown.get("val"), finals.get("val"));
  assert.deepEqual(finals.get("test").confusion_matrix, final.confusion_matrix);
});

test("the rule reads as on the server", () => {
  const mean = "with the mean of the scores of its samples";
  const own = "The run's own threshold decides, not a saved point.";
  assert.equal(
    patientWords(1200, 0, 2),
    `Each of 1,200 patients counts once, ${mean}, and is positive if any of them is. ${own}`,
  );
  assert.match(
    patientWords(9, 2, 2),
    /is positive if any of them is \(2 patients have samples of both classes\)\. The run's own/,
  );
  assert.match(patientWords(9, 1, 3), /samples; 1 patient with samples of several classes is left out\.$/);
  assert.equal(patientWords(9, 0, 3), `Each of 9 patients counts once, ${mean}.`);
});
