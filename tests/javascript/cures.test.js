// Cures that the server names, as links.

import assert from "node:assert/strict";
import { test } from "node:test";

import { settingsIn } from "../../realtime/static/realtime/reading/answers.js";
import { changeAddress, cureIn } from "../../realtime/static/realtime/run/cures.js";

test("a sentence with a value to try is a link to the form in which it is set", () => {
  const cure = cureIn("It diverged. Lower optimizer.learning_rate (try 1e-05), or limit the steps.");
  assert.deepEqual(cure, {
    option: "optimizer.learning_rate",
    value: "1e-05",
    words: "Try again with learning rate 1e-05",
  });
  const address = changeAddress(7, cure);
  assert.equal(address, "/new/?from=7&set=optimizer.learning_rate%3D1e-05");
  assert.deepEqual(settingsIn(new URL(address, "http://x").searchParams), { "optimizer.learning_rate": 1e-5 });
});

test("a sentence without one has no link of its own", () => {
  for (const text of ["Lower optimizer.learning_rate.", "It broke (try 3).", "try 1 (try 2)", "", null, undefined])
    assert.equal(cureIn(text), null);
  assert.equal(changeAddress(7), "/new/?from=7");
});

test("less memory is half of the batch, more time twice the hours", () => {
  const config = { data: { batch_size: 33 }, trainer: { max_hours: 0.002 } };
  const killed = "It was killed by SIGKILL (when memory runs out: lower data.batch_size or data.image_size).";
  assert.deepEqual(cureIn(killed, config), {
    option: "data.batch_size",
    value: "16",
    words: "Try again with batch size 16",
  });
  const time = "The time limit was reached. Submit it again with more trainer.max_hours.";
  assert.equal(cureIn(time, config).words, "Try again with max hours 0.004");
  assert.equal(cureIn("Lower data.batch_size.", { data: { batch_size: 1 } }), null);
  assert.equal(cureIn("Lower data.batch_size.", {}), null);
  assert.equal(cureIn(time, { trainer: { max_hours: null } }), null);
});

test("an option that a sentence begins with is where the form opens", () => {
  const cure = cureIn("data.target_column: All 200 samples have the class 'ill'.", {});
  assert.equal(cure.words, "Change target column and run again");
  assert.equal(changeAddress(9, cure), "/new/?from=9&at=data.target_column");
  const gone = cureIn("'/data/gone.csv' does not exist; give a path inside the data roots (/data).");
  assert.equal(changeAddress(9, gone), "/new/?from=9&at=source_path");
  assert.equal(cureIn("RuntimeError: mat1 and mat2 shapes cannot be multiplied"), null);
});
