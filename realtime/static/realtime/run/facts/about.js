// What the run is: data, model, configuration, versions, files.

import { shown } from "../../compare/options.js";
import { el } from "../../frame/dom.js";
import { ENDED, bytes, count, dateTime, plural, splitSizes } from "../../frame/format.js";
import { configGroups } from "./config_groups.js";

const MOST_CLASSES = 40; // named
const OF_ATTEMPT = /^attempts\//;

// `details.files`: null until they are known; `details.checkpoints`: the names of the `best` and the `last` one.
// What is known when this is called is drawn: while the script is loaded for the first time, more may come, and of two
// imports of it the second may be done first.
export function drawAbout(container, { detail, state, details }) {
  const { dataset, model } = state;
  const { files, checkpoints } = details;
  const ended = ENDED.has(state.status);
  const rest = {
    seed: detail.seed,
    created: dateTime(detail.created_at),
    by: detail.owner,
    mode: detail.training_mode,
    "git commit": detail.git_commit,
  };
  const parts = [
    group(
      "Source",
      {
        path: detail.source_path,
        version: detail.dataset_hash ?? undefined,
        ...describeData(dataset),
        ...describeModel(model),
      },
      true,
    ),
    group(
      "Files",
      null,
      true,
      files && fileList(files, { ended, checkpoints, archive: `${detail.links.self}archive/` }),
    ),
    ...configGroups(detail.config).map(({ title, options }) => group(title, options)),
    group("Run", rest),
    group("Versions", detail.versions),
  ];
  const before = new Map(
    [...container.querySelectorAll("details[data-title]")].map((node) => [node.dataset.title, node]),
  );
  const fresh = parts.filter(Boolean);
  for (const node of fresh) node.open = before.get(node.dataset.title)?.open ?? node.open;
  container.replaceChildren(...fresh);
}

function group(title, values, open = false, content = null) {
  const rows = Object.entries(values ?? {}).filter(([, value]) => value !== undefined && value !== "");
  if (!rows.length && !content) return null;
  const list = rows.length
    ? el(
        "dl",
        {},
        ...rows.map(([name, value]) =>
          el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, shown(value))),
        ),
      )
    : null;
  return el("details", { "data-title": title, open }, el("summary", {}, title), content ?? list);
}

function describeData(dataset) {
  if (!dataset) return {};
  const samples = splitSizes(dataset.sizes).join(", ");
  return { "data set": dataset.name, classes: classList(dataset.classes), samples };
}

const classList = (classes) =>
  classes.length > MOST_CLASSES
    ? `${classes.slice(0, MOST_CLASSES).join(", ")} and ${count(classes.length - MOST_CLASSES)} more`
    : classes.join(", ");

function describeModel(model) {
  return model
    ? { model: model.name, parameters: `${count(model.parameters)}, ${count(model.trainable)} trainable` }
    : {};
}

function fileList(files, { ended, checkpoints, archive }) {
  if (!files.length) return el("p", { class: "muted" }, ended ? "No files." : "No files yet.");
  const earlier = files.filter(({ name }) => OF_ATTEMPT.test(name));
  const own = files.filter(({ name }) => !OF_ATTEMPT.test(name));
  const folded = earlier.length
    ? el(
        "details",
        { class: "earlier" },
        el("summary", {}, `${plural(earlier.length, "file")} of single attempts`),
        el("p", { class: "muted" }, "What each attempt wrote; those above are of the whole run."),
        fileRows(earlier, checkpoints),
      )
    : null;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const all = el("a", { href: archive, download: true }, `Download all as a zip (${bytes(size)})`);
  return el("div", {}, fileRows(own, checkpoints), folded, el("p", { class: "all-files" }, all));
}

function fileRows(files, checkpoints) {
  const rows = files.map(({ name, size, url }) => {
    const marks = Object.keys(checkpoints).filter((mark) => checkpoints[mark] === name);
    return el(
      "li",
      {},
      el(
        "span",
        {},
        el("a", { href: url, download: true }, name),
        ...marks.map((mark) => el("b", { class: "mark" }, mark)),
      ),
      el("span", { class: "muted" }, bytes(size)),
    );
  });
  return el("ul", { class: "files", "aria-label": plural(files.length, "file") }, ...rows);
}
