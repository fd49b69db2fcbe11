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
