// The form of a new run: what may be written, the request it stands for, and that request as code. And the data sets.

import assert from "node:assert/strict";
import { test } from "node:test";

import { contents, doing, findings, share, versionOf } from "../../experiments/static/experiments/datasets/states.js";
import { requestCode } from "../../experiments/static/experiments/new_run/request_code.js";
import { Request } from "../../experiments/static/experiments/new_run/request.js";
import { allowed, parse, shown, textOf } from "../../experiments/static/experiments/new_run/values.js";

const field = (path, kinds, more = {}) => ({ path, title: path, kinds, default: null, help: "", ...more });
const RATE = field("optimizer.learning_rate", [{ type: "number", exclusiveMinimum: 0 }], { default: 0.001 });
const SIZE = field("data.batch_size", [{ type: "integer", minimum: 1, maximum: 4096 }], { default: 32 });
const SEED = field("seed", [{ type: "integer" }], { nullable: true, default: 1 });

test("an empty text stands for the default, unless the field is required", () => {
  assert.deepEqual(parse(RATE, "  "), { value: 0.001 });
  const name = field("experiment_name", [{ type: "string", maxLength: 5 }], { required: true, title: "Name" });
  assert.deepEqual(parse(name, ""), { error: "Name is missing." });
  assert.deepEqual(parse(name, " abc "), { value: "abc" });
  assert.deepEqual(parse(name, "abcdef"), { error: "Write at most 5 letters." });
});

test("numbers keep their bounds", () => {
  assert.deepEqual(parse(SIZE, "64"), { value: 64 });
  for (const text of ["0", "4097", "6.5", "1e2", "x"])
    assert.deepEqual(parse(SIZE, text), { error: "Write a whole number from 1 to 4,096." }, text);
  assert.deepEqual(parse(RATE, "1e-4"), { value: 0.0001 });
  for (const text of ["0", "-1", "Infinity", "NaN"])
    assert.deepEqual(parse(RATE, text), { error: "Write a number above 0." }, text);
});

test("none is a value only where the field has it", () => {
  assert.deepEqual(parse(SEED, "none"), { value: null });
  assert.ok(parse(SIZE, "none").error);
  assert.equal(allowed(SEED), "a whole number, or none");
  const rate = { path: "rate", title: "Rate", kinds: [{ type: "number", exclusiveMinimum: 0, maximum: 1e12 }] };
  assert.equal(allowed(rate), "a number above 0 and of at most 1,000,000,000,000");
  assert.equal(allowed(rate, 1e6), "a number above 0");
  const number = { ...rate, kinds: [{ type: "integer", minimum: -100, maximum: 4096 }] };
  assert.equal(allowed(number, 1e6), "a whole number from -100 to 4,096");
});

test("choices, switches and lists", () => {
  const choice = field("x", [{ choices: ["adam", "sgd"] }]);
  assert.deepEqual(parse(choice, "sgd"), { value: "sgd" });
  assert.deepEqual(parse(choice, "rms"), { error: "Write one of adam, sgd." });
  assert.deepEqual(parse(field("x", [{ type: "boolean" }]), "false"), { value: false });
  const list = field("x", [{ type: "array", items: { type: "integer", minimum: 0 } }]);
  assert.deepEqual(parse(list, "1, 2,"), { value: [1, 2] });
  assert.deepEqual(parse(list, "1, -2"), {
    error: "Write numbers with commas between them, each a whole number of at least 0.",
  });
});

test("several kinds are tried in their order", () => {
  const devices = field("devices", [{ choices: ["auto"] }, { type: "integer", minimum: 1 }], { default: "auto" });
  assert.deepEqual([parse(devices, "auto"), parse(devices, "2")], [{ value: "auto" }, { value: 2 }]);
  assert.equal(parse(devices, "0").error, "Write auto, or a whole number of at least 1.");
});

test("the text of a value is empty for the default", () => {
  assert.equal(textOf(SIZE, 32), "");
  assert.equal(textOf(SIZE, 64), "64");
  assert.equal(textOf(SEED, null), "none");
  assert.equal(shown([1, 2]), "1, 2");
});

const OPTIONS = () => ({
  groups: [
    { name: "top", fields: [field("experiment_name", [{ type: "string" }], { required: true }), SEED] },
    { name: "data", fields: [SIZE] },
    { name: "optimizer", fields: [RATE] },
    {
      name: "model",
      fields: [field("model.name", [{ type: "string" }], { default: "auto" }), field("model.options", [{}])],
    },
    {
      name: "callbacks",
      fields: [
        field("callbacks.monitor", [{ type: "string" }], { default: "val_loss" }),
        field("callbacks.mode", [{ choices: ["auto", "min", "max"] }], { default: "auto" }),
      ],
    },
  ],
  network_options: { cnn: [field("model.options.width", [{ type: "integer", minimum: 1 }], { default: 16 })] },
});

test("a request has what is required and what differs from the defaults", () => {
  const request = new Request(OPTIONS());
  request.set("experiment_name", "Test");
  request.set("data.batch_size", "64");
  request.set("optimizer.learning_rate", "0.001"); // the default
  assert.deepEqual(request.body, { experiment_name: "Test", data: { batch_size: 64 } });
  assert.deepEqual(
    request.changed.map(({ path }) => path),
    ["data.batch_size"],
  );
  assert.equal(request.errors.size, 0);
});

test("a data set brings its project, where there are several and it may be chosen", () => {
  const datasets = [
    { source_path: "dataset:lungs", project: "Radiology" },
    { source_path: "dataset:cells", project: "Pathology" },
  ];
  const options = OPTIONS();
  options.groups[0].fields.push(
    field("source_path", [{ type: "string" }]),
    field("project", [{ choices: ["Default", "Radiology"] }], { nullable: true }),
  );
  const request = new Request(options);
  request.useData("dataset:lungs", datasets);
  assert.deepEqual([request.text("source_path"), request.text("project")], ["dataset:lungs", "Radiology"]);
  request.useData("dataset:cells", datasets); // of a project that cannot be chosen here
  assert.deepEqual([request.text("source_path"), request.text("project")], ["dataset:cells", "Radiology"]);
  const single = new Request(OPTIONS());
  single.useData("dataset:lungs", datasets);
  assert.equal(single.texts.has("project"), false);
});

test("errors name their field, and a wrong value is not sent", () => {
  const request = new Request(OPTIONS());
  request.set("data.batch_size", "zero");
  assert.deepEqual([...request.errors.keys()], ["experiment_name", "data.batch_size"]);
  assert.deepEqual(request.body, {});
});

test("the chosen network brings its own options", () => {
  const request = new Request(OPTIONS());
  assert.equal(request.field("model.options.width"), undefined);
  request.set("model.name", "cnn");
  request.set("model.options.width", "32");
  assert.deepEqual(request.body, { model: { name: "cnn", options: { width: 32 } } });
});

test("a configuration fills the form, its short forms too; unknown options change nothing", () => {
  const request = new Request(OPTIONS());
  assert.deepEqual(request.fill({ data: { batch_size: 8 }, nonsense: 1 }), ["nonsense"]);
  assert.equal(request.text("data.batch_size"), "");
  const config = {
    experiment_name: "Old",
    model: { name: "cnn", width: 64, dropout: null },
    callbacks: { monitor: "val_loss", mode: "min" }, // what the server made of auto
  };
  assert.deepEqual(request.fill(config), []);
  assert.equal(request.text("model.options.width"), "64");
  assert.equal(request.text("callbacks.mode"), "");
});

test("a clone sends only what differs from its origin", () => {
  const request = new Request(OPTIONS());
  request.fill({ experiment_name: "Old", seed: 7, model: { name: "cnn", options: { width: 64 } } });
  request.copyFrom();
  assert.deepEqual(request.changes, {});
  request.set("callbacks.monitor", "val_auroc");
  request.set("model.options.width", "32");
  assert.deepEqual(request.changes, {
    model: { options: { width: 32 }, width: null, dropout: null },
    callbacks: { monitor: "val_auroc", mode: "auto" },
  });
  request.reset(request.field("model.options.width"));
  assert.equal(request.text("model.options.width"), "64");
});

const METRICS = { type: "array", items: { type: "string" }, objects: true };
const STANDING = ["val_auroc", "val_loss"];

const withMetrics = () =>
  new Request({
    groups: [
      {
        name: "callbacks",
        fields: [
          field("callbacks.metrics", [METRICS], { default: [] }),
          field("callbacks.monitor", [{ type: "string", choices: STANDING }], { default: "val_auroc" }),
          field("callbacks.mode", [{ choices: ["auto", "min", "max"] }], { default: "auto" }),
        ],
      },
    ],
    network_options: {},
    directions: {
      val_auroc: "max",
      val_loss: "min",
      val_cohen_kappa: "max",
      val_hamming_distance: "min",
      val_eer: null,
    },
  });

test("added metrics are written as words or as JSON", () => {
  const list = field("callbacks.metrics", [METRICS], { default: [] });
  const fbeta = { name: "fbeta_score", options: { beta: 2, average: "macro" } };
  assert.deepEqual(parse(list, `cohen_kappa, ${JSON.stringify(fbeta)}, eer`), { value: ["cohen_kappa", fbeta, "eer"] });
  assert.equal(shown(["cohen_kappa", fbeta]), `cohen_kappa, ${JSON.stringify(fbeta)}`);
  assert.equal(parse(list, '{"name": }').error, "Write words or JSON objects with commas between them.");
  assert.deepEqual(parse(field("tags", [{ ...METRICS, objects: false }]), "{a"), { value: ["{a"] });
});

test("an added metric may be the one that decides", () => {
  const request = withMetrics();
  const choices = () => request.field("callbacks.monitor").kinds[0].choices;
  request.set("callbacks.metrics", 'cohen_kappa, {"name": "fbeta_score", "suffix": "b2"}');
  assert.deepEqual(choices(), [...STANDING, "val_cohen_kappa", "val_fbeta_score_b2"]);
  request.set("callbacks.monitor", "val_cohen_kappa");
  assert.equal(request.errors.size, 0);
  assert.deepEqual(request.body.callbacks.monitor, "val_cohen_kappa");
  request.set("callbacks.metrics", "");
  assert.deepEqual(choices(), STANDING);
  assert.deepEqual([...request.errors.keys()], ["callbacks.monitor"]);
});

test("a run's metrics come back as short as they can be written, and its direction as auto", () => {
  const request = withMetrics();
  const stored = [
    { name: "hamming_distance", options: {}, suffix: "b" },
    { name: "cohen_kappa", options: {}, suffix: null },
  ];
  const callbacks = { metrics: stored, monitor: "val_hamming_distance_b", mode: "min" };
  assert.deepEqual(request.fill({ callbacks }), []);
  assert.equal(request.text("callbacks.metrics"), '[{"name":"hamming_distance","suffix":"b"},"cohen_kappa"]');
  assert.equal(request.text("callbacks.mode"), "");
  assert.equal(request.errors.size, 0);
  request.copyFrom();
  assert.deepEqual(request.changes, {});
  request.set("callbacks.monitor", "val_cohen_kappa");
  assert.deepEqual(request.changes, { callbacks: { monitor: "val_cohen_kappa", mode: "auto" } });
});

const BODY = { experiment_name: "It's", seed: null, data: { batch_size: 64, augment: true }, tags: ["a", "b"] };

test("a request as JSON reads back as it was", () => {
  const code = requestCode("json", "http://x/", BODY);
  assert.deepEqual(JSON.parse(code), BODY);
  assert.match(code, /^ {2}"data": \{"batch_size": 64, "augment": true\},$/m);
  assert.equal(requestCode("json", "http://x/", {}), "{}");
});

test("a wide group is written over several lines", () => {
  const wide = { data: { first_long_option: "a long value of it", second_long_option: "another long value" } };
  const code = requestCode("json", "http://x/", wide);
  assert.deepEqual(JSON.parse(code), wide);
  assert.equal(code.split("\n").length, 6);
});

test("a shell gets its quotes, Python its own values", () => {
  assert.match(requestCode("curl", "http://x/", BODY), /"experiment_name": "It'\\''s"/);
  const python = requestCode("python", "http://x/", BODY);
  assert.match(python, /"seed": None,/);
  assert.match(python, /"augment": True\}/);
  assert.match(python, /"tags": \["a", "b"\]/);
  const metrics = { metrics: ["eer", { name: "f1_score", options: { top_k: 2, ignore_index: null } }] };
  const group = '"metrics": ["eer", {"name": "f1_score", "options": {"top_k": 2, "ignore_index": None}}]';
  assert.ok(requestCode("python", "http://x/", metrics).includes(group));
});

test("what a data set is doing", () => {
  const dataset = (state, progress = null, classes = null) => ({ state, progress, classes });
  assert.equal(doing(dataset("uploading", { bytes: 2048, bytes_done: 512 })), "25 % of 2.0 KiB arrived");
  assert.equal(doing(dataset("checking", { files: 3, files_done: 1 })), "1 of 3 files read");
  assert.equal(doing(dataset("checking", { files: 3, files_done: 3 })), "All files read; looking at the classes");
  assert.equal(doing(dataset("ready")), "");
  assert.equal(share({ progress: null }), null);
  assert.equal(share({ progress: { bytes: 0, bytes_done: 0 } }), null);
  const classes = ["a", "b", "c", "d", "e"].map((name, i) => ({ name, samples: i + 1 }));
  assert.equal(contents(dataset("ready", null, classes)), "1 × a · 2 × b · 3 × c · 4 × d · 1 more classes");
});

test("findings of a report, and what names its version", () => {
  const counted = (blocks, questions, warnings) => findings({ blocks, questions, warnings });
  assert.equal(counted(1, 0, 2), "1 finding that blocks, 2 warnings, ");
  assert.equal(counted(2, 1, 0), "2 findings that block, 1 question, ");
  assert.equal(counted(0, 2, 0), "2 questions, ");
  assert.equal(counted(0, 0, 0), "");
  assert.equal(versionOf({ kind: "builtin", content_hash: null }), "builtin");
  assert.equal(versionOf({ kind: "upload", content_hash: null }), null);
});
