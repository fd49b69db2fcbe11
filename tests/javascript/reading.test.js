// How data were read in words, the options of answers, and what they set in a request.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choiceMade,
  choose,
  keyOf,
  setOptions,
  withdraw,
} from "../../experiments/static/experiments/new_run/answers.js";
import { Request } from "../../experiments/static/experiments/new_run/request.js";
import { parse, textOf } from "../../experiments/static/experiments/new_run/values.js";
import { formAddress, optionsText, settingsIn } from "../../realtime/static/realtime/reading/answers.js";
import {
  classesText,
  isKnown,
  kindText,
  layoutText,
  leftOutText,
  patientsSource,
  patientsText,
  readingFacts,
  storedText,
  sumText,
  trainingText,
} from "../../realtime/static/realtime/reading/reading_text.js";

const UNUSED = [
  { kind: "extension", what: ".txt", count: 12, examples: ["readme.txt"] },
  { kind: "mask", what: "", count: 30, examples: [] },
];
const FILES = { total: 1242, used: 1200, unused: UNUSED };
const READING = {
  layout: "class_folders",
  why: "Each folder holds images.",
  folder: "",
  table: null,
  columns: [],
  features: [],
  feature_count: 0,
  classes: ["healthy", "ill"],
  positive: "ill",
  positive_why: "By rule.",
  merged: [],
  files: FILES,
  rows: null,
  patients: { count: 312, source: "column", name: "Patient ID", why: "" },
  pixels: null,
  questions: [],
  findings: [],
};
const UNKNOWN = { ...READING, layout: null, classes: [], positive: null, files: null };

test("used and left out add up in words", () => {
  assert.equal(sumText(FILES, "file"), "1,200 used + 42 left out = 1,242 files");
  assert.equal(sumText({ total: 1, used: 1, unused: [] }, "row"), "1 used + 0 left out = 1 row");
  assert.equal(leftOutText(FILES), "30 mask · 12 .txt");
  assert.equal(leftOutText({ total: 1, used: 1, unused: [] }), "");
  const kinds = [1, 2, 3, 4, 5].map((count) => ({ kind: "extension", what: `.${count}`, count, examples: [] }));
  assert.equal(leftOutText({ total: 15, used: 0, unused: kinds }), "5 .5 · 4 .4 · 3 .3 · 2 other kinds");
});

test("kinds that are not known by name are readable", () => {
  assert.equal(kindText({ kind: "extension", what: ".webp" }), "Type that is not read: .webp");
  assert.equal(kindText({ kind: "missing_label", what: "NA" }), "Missing label: NA");
  assert.equal(kindText({ kind: "mask", what: "" }), "Mask");
  assert.equal(kindText({ kind: "no_file", what: "" }), "Its file is missing");
  assert.equal(kindText({ kind: "repeated", what: "another row of the same image" }), "Another row of the same image");
  assert.equal(layoutText({ layout: "rows" }), "Rows of a table");
  assert.equal(layoutText({ layout: null }), "Not known");
});

test("patients are known from somewhere, or not at all", () => {
  assert.deepEqual(
    [patientsText(READING.patients), patientsSource(READING.patients)],
    ["312", "From the column Patient ID"],
  );
  assert.equal(patientsText({ count: null, source: null, name: "", why: "None." }), "Not known");
  assert.equal(patientsSource({ count: null, source: null, name: "", why: "None." }), "");
  assert.equal(patientsSource({ count: 1, source: "headers", name: "", why: "" }), "From the files’ headers");
});

test("columns of subgroups with their groups, and readings that are older than them", () => {
  const facts = (reading) => readingFacts(reading).filter(([name]) => name === "Subgroups by");
  const sex = { column: "sex", rule: "values as they are", learned: false, groups: { F: 10, M: 12, "(missing)": 1 } };
  const site = { column: "site", rule: "values as they are", learned: true, groups: { a: 23 } };
  assert.deepEqual(facts({ ...READING, subgroups: [sex, site] }), [
    ["Subgroups by", "sex, site", "sex: 3 groups · site: 1 group"],
  ]);
  assert.deepEqual(facts(READING), []);
  assert.deepEqual(facts({ ...READING, subgroups: [] }), []);
});

test("pixels as they are stored", () => {
  assert.equal(storedText({ stored_bits: 12, lowest: 0, highest: 4095 }), "12 bits, values from 0 to 4,095");
  assert.equal(storedText({ stored_bits: null, lowest: -1024.5, highest: 3071 }), "values from -1,024.5 to 3,071");
  assert.equal(storedText({ stored_bits: null, lowest: null, highest: null }), "Not known");
});

test("the positive class is marked, and long names are cut", () => {
  assert.equal(classesText(READING), "healthy, ill (positive)");
  const many = { classes: ["a", "b", "c", "d", "e", "f"], positive: null };
  assert.equal(classesText(many), "a, b, c, d, and 2 more");
  assert.equal(classesText({ classes: ["x".repeat(200)], positive: null }).length, 60);
});

test("the facts of a reading leave out what does not apply", () => {
  const names = (reading) => readingFacts(reading).map(([name]) => name);
  assert.deepEqual(names(READING), ["Layout", "Classes", "Positive class", "Files used", "Patients"]);
  assert.deepEqual(names(UNKNOWN), ["Layout", "Patients"]);
  const [, , positive, files] = readingFacts(READING);
  assert.deepEqual(positive, ["Positive class", "ill", "By rule."]);
  assert.deepEqual(files, ["Files used", "1,200 of 1,242", "42 left out: 30 mask · 12 .txt"]);
});

test("a report without a reading, or with an empty one, is not known", () => {
  assert.deepEqual([null, undefined, UNKNOWN, READING].map(isKnown), [false, false, false, true]);
});

test("what a training would do", () => {
  const all = "would learn to tell ill (positive) from healthy, from 1,200 files of 312 patients.";
  assert.equal(trainingText(READING, "ready"), `A training with default options ${all}`);
  const rows = { ...READING, classes: ["a", "b", "c"], positive: null, rows: { total: 9, used: 8, unused: [] } };
  rows.patients = { count: null, source: null, name: "", why: "" };
  assert.match(trainingText(rows, "warnings"), / would learn to tell 3 classes apart, from 8 rows\.$/);
  const asked = (questions) => trainingText({ ...READING, questions }, "confirm");
  assert.match(
    asked([QUESTION]),
    / does not start: 1 question is open\. By the first answer it would learn to tell ill/,
  );
  assert.match(asked([QUESTION, QUESTION]), / does not start: 2 questions are open\. By the first answers it would/);
  assert.match(trainingText(READING, "blocked"), / would be refused, for the reasons above\.$/);
});

const QUESTION = {
  code: "layout",
  text: "Which? Set data.layout.",
  choices: [
    { options: { "data.layout": "table" }, consequence: "A." },
    { options: { "data.layout": "class_folders", "data.class_folder": 2 }, consequence: "B." },
  ],
};
const COLUMN = (name) => ({
  code: "index",
  text: "Is it one?",
  choices: [
    { options: { "data.ignore_columns": [name] }, consequence: "Left out." },
    { options: { "data.use_columns": [name] }, consequence: "Used." },
  ],
});

test("an address carries options to the form as they are", () => {
  const options = { "data.layout": "table", "data.ignore_columns": ["a, b", "ü & c="], "data.class_folder": 2 };
  const address = formAddress("preflight=3", options);
  assert.match(address, /^\/new\/\?preflight=3&set=/);
  assert.deepEqual(settingsIn(new URL(address, "http://x").searchParams), options);
  assert.deepEqual(settingsIn(new URLSearchParams("set=nonsense&set=a={&set=&from=3")), {});
  assert.equal(optionsText({ "data.ignore": [], "data.layout": "table" }), 'data.ignore: [], data.layout: "table"');
});

const field = (path, kinds, more = {}) => ({
  path,
  title: path,
  kinds,
  default: null,
  nullable: true,
  help: "",
  ...more,
});
const WORDS = { type: "array", items: { type: "string", maxLength: 200 } };
const LAYOUT = field("data.layout", [{ type: "string", choices: ["auto", "table", "class_folders"] }], {
  default: "auto",
  nullable: false,
});
const request = () =>
  new Request({
    groups: [
      {
        name: "data",
        fields: [
          LAYOUT,
          field("data.class_folder", [{ type: "integer", minimum: 1 }]),
          field("data.ignore", [WORDS]),
          field("data.ignore_columns", [WORDS], { default: [], nullable: false }),
          field("data.use_columns", [WORDS], { default: [], nullable: false }),
          field("data.split_column", [{ type: "string" }], { default: "split" }),
        ],
      },
    ],
    network_options: {},
  });

test("a choice sets its options, another one takes their place, and it can be withdrawn", () => {
  const form = request();
  const [table, folders] = QUESTION.choices;
  assert.equal(choiceMade(form, QUESTION), null);
  choose(form, QUESTION, folders);
  assert.deepEqual(form.body, { data: { layout: "class_folders", class_folder: 2 } });
  assert.equal(choiceMade(form, QUESTION), folders);
  choose(form, QUESTION, table);
  assert.deepEqual(form.body, { data: { layout: "table" } });
  withdraw(form, table);
  assert.deepEqual([form.body, choiceMade(form, QUESTION)], [{}, null]);
});

test("answers to two questions about columns stand side by side", () => {
  const form = request();
  const [first, second] = [COLUMN("nr, old"), COLUMN("id")];
  assert.notEqual(keyOf(first), keyOf(second));
  choose(form, first, first.choices[0]);
  choose(form, second, second.choices[0]);
  assert.deepEqual(form.body, { data: { ignore_columns: ["nr, old", "id"] } });
  choose(form, first, first.choices[1]);
  assert.deepEqual(form.body, { data: { ignore_columns: ["id"], use_columns: ["nr, old"] } });
  assert.equal(choiceMade(form, second), second.choices[0]);
  withdraw(form, second.choices[0]);
  assert.deepEqual(form.body, { data: { use_columns: ["nr, old"] } });
});

test("an empty list is an answer, and the choice that says most is the one that was made", () => {
  const form = request();
  const question = {
    code: "masks",
    text: "Masks?",
    choices: [
      { options: { "data.ignore": [] }, consequence: "None." },
      { options: { "data.ignore": ["masks"] }, consequence: "Out." },
      { options: { "data.ignore": ["masks", "views"] }, consequence: "Both out." },
    ],
  };
  for (const choice of question.choices) {
    choose(form, question, choice);
    assert.equal(choiceMade(form, question), choice);
    assert.deepEqual(form.body, { data: { ignore: choice.options["data.ignore"] } });
  }
  choose(form, question, question.choices[0]);
  withdraw(form, question.choices[0]);
  assert.deepEqual(form.body, {});
});

test("an option that the form does not have changes nothing", () => {
  const form = request();
  setOptions(form, { "data.unheard_of": 1 });
  assert.deepEqual(form.body, {});
});

test("what is written into a field is read as the same", () => {
  const list = field("x", [WORDS], { default: [] });
  for (const value of [["a", "b"], ["nr, old"], [" padded"], ["[odd"], ["none"], ['"quoted"'], ["", "x"], ['a"b']])
    assert.deepEqual(parse(list, textOf(list, value)), { value }, JSON.stringify(value));
  assert.deepEqual(parse(field("x", [WORDS]), textOf(field("x", [WORDS]), [])), { value: [] });
  const text = field("x", [{ type: "string", maxLength: 20 }], { default: "split" });
  for (const value of [" Patient ID", "none", '"x"', '" x"', "a b", "[a]", '"none"', "x "])
    assert.deepEqual(parse(text, textOf(text, value)), { value }, JSON.stringify(value));
  assert.deepEqual(parse(text, textOf(text, null)), { value: null });
  assert.equal(textOf(list, ["a", "b"]), "a, b");
  assert.deepEqual(parse(text, '"Quoted" name'), { value: '"Quoted" name' });
  assert.deepEqual(parse(LAYOUT, textOf(LAYOUT, "table")), { value: "table" });
  const preset = field("x", [{ type: "string", choices: ["none", "light"] }], { default: "light", nullable: false });
  assert.deepEqual(parse(preset, textOf(preset, "none")), { value: "none" });
});
