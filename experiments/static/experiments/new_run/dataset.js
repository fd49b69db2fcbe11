// The choice of data: what is built in, what was uploaded or registered, or a path; and what is known of the chosen
// one.

import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { count, percent, plural } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { RootBrowser } from "./root_browser.js";
import { contents, findings, formText, pill, STATE_WORDS } from "../datasets/states.js";

// What says how data are read, in groups.
export const DATA_GROUPS = {
  "Files and folders": ["data.layout", "data.table", "data.class_folder", "data.ignore"],
  Columns: ["data.id_column", "data.target_column", "data.ignore_columns", "data.use_columns"],
  Labels: ["data.class_names", "data.finding", "data.missing_labels", "data.uncertain_labels"],
  Patients: ["data.patient_column", "data.patient_folder", "data.patients"],
  Splits: ["data.split_column", "data.split_file"],
  Subgroups: ["data.subgroup_columns", "data.subgroup_bands", "data.subgroup_folder"],
};
export const DATA_FIELDS = Object.values(DATA_GROUPS).flat();
const PATH = "(path)";
const CLASSES_SHOWN = 8;
const PAGES = 10; // of 200 data sets each
const VERDICTS = {
  ready: ["completed", "Nothing to remark"],
  warnings: ["cancelling", "Warnings"],
  confirm: ["cancelling", "To be confirmed"],
  blocked: ["failed", "Blocked"],
};

export async function fetchDatasets(api) {
  const found = [];
  for (let [next, left] = [`${api}?page_size=200`, PAGES]; next && left; left -= 1) {
    const page = await call(next);
    found.push(...page.results);
    next = page.next && new URL(page.next).pathname + new URL(page.next).search;
  }
  return found;
}

// A select that stands for `source_path`; a path has a text field of its own, which is `field`'s.
export class DatasetPicker {
  // `roots`: the address of the API that lists the data folders.
  constructor(field, { builtins, datasets, roots }, choose) {
    Object.assign(this, { field, builtins, datasets });
    field.node.append(new RootBrowser(roots, choose).node);
    this.choice = el("select", { id: "dataset-choice", "aria-describedby": "f-source_path-fault" }, ...this.#options());
    this.summary = el("div", { id: "dataset-summary" });
    this.choice.addEventListener("change", () => {
      const path = this.choice.value === PATH;
      choose(path ? "" : this.choice.value);
      this.field.node.hidden = !path;
      if (path) this.field.control.focus();
    });
    field.node.hidden = true;
    setText(field.node.querySelector("label"), "Path on the server");
    this.node = el(
      "div",
      { class: "stack pick" },
      el("label", { for: "dataset-choice" }, "Data set"),
      this.choice,
      field.error,
      field.node,
      this.summary,
    );
  }

  #options() {
    const ours = this.datasets.map((dataset) =>
      el(
        "option",
        { value: dataset.source_path, disabled: dataset.state !== "ready" },
        dataset.state === "ready"
          ? `${dataset.name} (${contents(dataset) || formText(dataset)})`
          : `${dataset.name} – ${STATE_WORDS[dataset.state].toLowerCase()}`,
      ),
    );
    return [
      el("option", { value: "" }, "Choose the data …"),
      ...(ours.length ? [el("optgroup", { label: "Uploaded and registered" }, ...ours)] : []),
      el(
        "optgroup",
        { label: "Built in" },
        ...this.builtins.map((builtin) =>
          el("option", { value: builtin.source_path }, `${builtin.source_path} (${contents(builtin)})`),
        ),
      ),
      el("optgroup", { label: "On the server" }, el("option", { value: PATH }, "A folder or file by its path …")),
    ];
  }

  showError(isWrong) {
    if (isWrong) this.choice.setAttribute("aria-invalid", "true");
    else this.choice.removeAttribute("aria-invalid");
  }

  get chosen() {
    return [...this.datasets, ...this.builtins].find(({ source_path: source }) => source === this.source) ?? null;
  }

  // Names of classes that may be written into this control: those of the chosen data.
  suggestFor(control) {
    control.setAttribute("list", "known-classes");
    this.classes = el("datalist", { id: "known-classes" });
    return this.classes;
  }

  show(source) {
    this.source = source;
    const known = this.chosen?.classes ?? [];
    arrange(this.classes, known.length === 2 ? known.map(({ name }) => el("option", { value: name })) : []);
    const isListed = Boolean(this.chosen);
    const asksForPath = this.choice.value === PATH && !isListed;
    this.choice.value = isListed ? source : source || asksForPath ? PATH : "";
    this.field.node.hidden = this.choice.value !== PATH;
    arrange(this.summary, this.#summaryNodes());
  }

  #summaryNodes() {
    const found = this.chosen;
    if (!found)
      return [
        el(
          "p",
          { class: "help" },
          "More data: ",
          el("a", { href: "/datasets/" }, "upload or register a data set"),
          ".",
        ),
      ];
    const head = [
      found.state && el("span", { class: pill(found) }, STATE_WORDS[found.state]),
      el("span", { class: "muted" }, this.#kind(found)),
      found.links && el("a", { href: found.links.page }, "Its page"),
    ];
    const parts = [el("p", { class: "summary-head" }, ...head.filter(Boolean))];
    if (found.problem)
      parts.push(
        el("p", { class: "notice warning" }, `With default options it cannot be trained on: ${found.problem}`),
      );
    if (found.classes) parts.push(balance(found.classes));
    if (found.report) parts.push(reportWords(found.report));
    return parts;
  }

  #kind({ table, layout, files, classes }) {
    const samples = classes
      ? plural(
          classes.reduce((sum, { samples: size }) => sum + size, 0),
          "sample",
        )
      : "";
    const kind = table === undefined ? formText({ layout, files }) : table ? "built-in table" : "built-in images";
    return [samples, kind].filter(Boolean).join(" · ");
  }
}

function reportWords(report) {
  const { status, verdict, page } = report;
  const ended = status === "failed" || status === "cancelled";
  const [kind, words] = VERDICTS[verdict] ?? ["queued", ended ? "No report" : "Being made"];
  return el(
    "p",
    { class: "summary-head" },
    el("span", { class: `pill ${kind}` }, words),
    el("a", { href: page }, "Pre-flight report"),
    el("span", { class: "muted" }, `${findings(report)}with default options`),
  );
}

// Shares of classes as bars.
export function balance(classes) {
  const total = classes.reduce((sum, { samples }) => sum + samples, 0) || 1;
  const rows = classes
    .slice(0, CLASSES_SHOWN)
    .map(({ name, samples }) =>
      el(
        "li",
        {},
        el("span", { class: "class-name" }, name),
        el("progress", { max: 1, value: samples / total, "aria-label": `Share of ${name}` }),
        el("span", { class: "number muted" }, `${count(samples)} · ${percent(samples / total)}`),
      ),
    );
  const more =
    classes.length > CLASSES_SHOWN
      ? [
          el(
            "li",
            { class: "muted" },
            `and ${plural(classes.length - CLASSES_SHOWN, "more class").replace("classs", "classes")}`,
          ),
        ]
      : [];
  return el("ul", { class: "balance" }, ...rows, ...more);
}
