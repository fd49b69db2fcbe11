// What the form of a new run begins with: presets, and the share that is kept for the test.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choosePreset,
  optionsOf,
  presetMade,
  presetText,
} from "../../experiments/static/experiments/new_run/presets.js";
import { Request } from "../../experiments/static/experiments/new_run/request.js";
import { PATH, shareOf, TestShare } from "../../experiments/static/experiments/new_run/test_share.js";

const field = (path, type, standard) => ({ path, title: path, kinds: [{ type }], default: standard, help: "" });
const made = () =>
  new Request({
    groups: [
      {
        name: "trainer",
        fields: [
          field("trainer.max_epochs", "integer", 10),
          field("callbacks.patience", "integer", 10),
          field("optimizer.scheduler", "string", "none"),
          field("optimizer.plateau_patience", "integer", 5),
          field("optimizer.backbone_factor", "number", 1),
          field(PATH, "number", 0),
        ],
      },
      {
        name: "model",
        fields: [
          field("model.name", "string", "auto"),
          { ...field("model.weights_file", "string", null), nullable: true },
          field("model.trainable", "string", "all"),
          { ...field("model.unfreeze_every", "integer", null), nullable: true },
        ],
      },
      { name: "callbacks", fields: [] },
    ],
    directions: {},
    network_options: { auto: [field("model.options.width", "integer", 16)], plain: [] },
  });

test("a preset is the sum of its options, and another one takes them back", () => {
  const request = made();
  assert.equal(presetMade(request, []), null);
  choosePreset(request, "quick", []);
  assert.deepEqual(request.body, { trainer: { max_epochs: 3 }, model: { options: { width: 8 } } });
  assert.equal(presetMade(request, []), "quick");
  choosePreset(request, "careful", []);
  assert.equal(request.body.trainer.max_epochs, 100);
  assert.equal(request.body.model, undefined);
  choosePreset(request, "careful", []);
  assert.deepEqual(request.body, {});
});

test("one changed option makes it none of the presets, and what was changed stays with the next", () => {
  const request = made();
  choosePreset(request, "careful", []);
  request.set("callbacks.patience", "7");
  assert.equal(presetMade(request, []), null);
  choosePreset(request, "quick", []);
  assert.equal(request.body.callbacks.patience, 7);
});

test("a network without a size keeps what a preset has beside it", () => {
  const request = made();
  request.set("model.name", "plain");
  choosePreset(request, "quick", []);
  assert.deepEqual(request.body, { trainer: { max_epochs: 3 }, model: { name: "plain" } });
  assert.equal(presetText(request, "quick", []), "Does it learn anything at all? Set: trainer.max_epochs 3.");
});

test("fine-tuning names the weights only where there is one file of them", () => {
  const request = made();
  assert.deepEqual(optionsOf(request, "fine_tune", ["a.pt"])[0], ["model.weights_file", "a.pt"]);
  assert.equal(Object.fromEntries(optionsOf(request, "fine_tune", ["a.pt", "b.pt"]))["model.weights_file"], undefined);
});

const RULE = { share: 0.2, least: 100 };
const classes = (...sizes) => sizes.map((samples, at) => ({ name: `c${at}`, samples }));

test("a test is kept from a hundred samples of each class, and patients, on", () => {
  assert.equal(shareOf({ classes: classes(900, 100) }, RULE).text, "0.2");
  assert.equal(shareOf({ classes: classes(900, 99) }, RULE).text, "");
  assert.match(shareOf({ classes: classes(900, 99) }, RULE).why, /the class c1 has 99 samples/);
  assert.equal(shareOf({ classes: classes(900, 100), patients: 100 }, RULE).text, "0.2");
  assert.match(shareOf({ classes: classes(900, 100), patients: 99 }, RULE).why, /there are 99 patients/);
  for (const unknown of [{}, { classes: null }, { classes: [] }])
    assert.deepEqual(shareOf(unknown, RULE), { text: "", why: "" });
});

test("what the reader wrote stays, whatever data are chosen", () => {
  const [request, share] = [made(), new TestShare(RULE, false)];
  share.follow(request, {});
  assert.match(share.follow(request, { classes: classes(500, 500) }), /0.2 is set here/);
  assert.equal(request.text(PATH), "0.2");
  request.set(PATH, "0");
  assert.equal(share.follow(request, { classes: classes(500, 500) }), "");
  assert.equal(request.text(PATH), "");
  share.restart();
  share.follow(request, { classes: classes(500, 500) });
  assert.equal(request.text(PATH), "0.2");
});

test("a draft keeps its share, and an address the one it names", () => {
  for (const isDraft of [true, false]) {
    const request = made();
    request.set(PATH, "0.3");
    new TestShare(RULE, isDraft).follow(request, { classes: classes(500, 500) });
    assert.equal(request.text(PATH), "0.3");
  }
  const request = made(); // 0 was chosen before
  new TestShare(RULE, true).follow(request, { classes: classes(500, 500) });
  assert.equal(request.text(PATH), "");
});
