// What the run is doing, in words: status, progress, best values; also in the tab's title and icon.

import { arrange, el, setText } from "../frame/dom.js";
import { count, dateTime, duration, ENDED, known, plural, splitSizes, STATUS_WORDS, UNKNOWN } from "../frame/format.js";
import { changeAddress, cureIn } from "./cures.js";
import { CAVEAT, headline, needsCaveat } from "./headline.js";
import { progressText, shareDone } from "./progress_text.js";

const ICON_COLOURS = {
  queued: "#7a8494",
  in_progress: "#2557d6",
  cancelling: "#b86e00",
  completed: "#1a7f4b",
  failed: "#c62f36",
  cancelled: "#7a8494",
};
const HEADLINE = 3; // facts that are larger than the others
const TITLE_MARKS = { completed: "✓", failed: "✕", cancelled: "–", queued: "…", cancelling: "…" };

export class Header {
  // `report`: the address of the run's pre-flight report; `config`: its options.
  constructor({ id, report, config }) {
    Object.assign(this, { id, report, config });
    const find = (place) => document.getElementById(place);
    [this.pill, this.doing, this.bar, this.facts, this.caveat, this.notices, this.icon] = [
      "status",
      "doing",
      "progress",
      "facts",
      "caveat",
      "notices",
      "favicon",
    ].map(find);
    // Where the server wrote the result, notes that change how it is read stand beside it.
    this.warnings = find("warnings");
    this.ofResult = new Set(this.warnings?.dataset.codes.split(" "));
    this.values = new Map();
  }

  // `hasFacts`: the state has all that the facts are made of.
  draw(state, hasFacts = true) {
    const share = shareDone(state);
    this.pill.className = `pill ${state.status}`;
    setText(this.pill, STATUS_WORDS[state.status]);
    setText(this.doing, progressText(state));
    this.bar.hidden = ENDED.has(state.status) || (state.status === "queued" && !share);
    if (known(share)) this.bar.value = share;
    else this.bar.removeAttribute("value");
    if (hasFacts || !this.facts.childElementCount) this.#drawFacts(state); // else the server wrote them
    this.#drawNotices(state);
    this.#drawTab(state, share);
  }

  #drawFacts(state) {
    const { status, bestEpoch } = state;
    const nodes = facts(state).map(([name, value, detail], i) => {
      const fact = this.values.get(name) ?? this.#newFact(name);
      setText(fact.value, value);
      setText(fact.detail, detail ?? "");
      fact.node.classList.toggle("headline", i < HEADLINE);
      // Unknown, and it stays so for now: then the fact says nothing. Numbers of the best epoch may still come.
      const coming = i < HEADLINE && known(bestEpoch);
      fact.node.hidden = value === UNKNOWN && !coming && (ENDED.has(status) || status === "queued");
      return fact.node;
    });
    arrange(this.facts, nodes);
    setText(this.caveat, needsCaveat(state) ? CAVEAT : "");
    this.caveat.hidden = !this.caveat.textContent;
  }

  #newFact(name) {
    const [value, detail] = [el("b"), el("span")];
    const fact = { value, detail, node: el("div", {}, el("dt", {}, name), el("dd", {}, value, detail)) };
    this.values.set(name, fact);
    return fact;
  }

  #drawNotices({ status, reason, notes }) {
    const wanted = notes.filter(({ text }) => !reason?.includes(text)).map((note) => ({ ...note, kind: "warning" }));
    if (reason && status !== "in_progress")
      wanted.unshift({ kind: status === "failed" ? "failed" : "info", text: reason });
    const key = JSON.stringify([wanted, status]);
    if (key === this.drawnNotices) return;
    this.drawnNotices = key;
    const draw = (place, isHere) =>
      arrange(
        place,
        wanted.filter(isHere).map((one) => this.#notice(one, status)),
      );
    draw(this.notices, ({ code }) => !this.ofResult.has(code));
    if (this.warnings) draw(this.warnings, ({ code }) => this.ofResult.has(code));
  }

  // With what helps: the cure that its text names, and for a failure where more is said.
  #notice({ kind, text, code }, status) {
    const cure = ENDED.has(status) ? cureIn(text, this.config) : null;
    const links = [
      cure ? el("a", { class: "button primary", href: changeAddress(this.id, cure) }, cure.words) : null,
      ...(kind === "failed"
        ? [el("a", { href: "#train-log-title" }, "Whole log"), el("a", { href: this.report }, "Pre-flight report")]
        : []),
    ].filter(Boolean);
    return el(
      "div",
      { class: `notice ${kind}`, role: kind === "failed" ? "alert" : null },
      this.ofResult.has(code) ? el("details", {}, el("summary", {}, el("span", {}, text))) : el("span", {}, text),
      links.length ? el("span", { class: "links" }, ...links) : null,
    );
  }

  #drawTab({ status, deleted, goneAs, described }, share) {
    const running = status === "in_progress";
    const mark = running ? (known(share) ? `${Math.floor(100 * share)} %` : "…") : TITLE_MARKS[status];
    const gone = goneAs === "gone" ? "Deleted:" : "No longer shown:";
    const title = `${deleted ? gone : mark} ${described.name} · Livetrain`;
    if (document.title === title) return;
    document.title = title;
    this.icon.href = icon(ICON_COLOURS[status], running ? (share ?? 0) : 1);
  }
}

function facts(state) {
  const { status, duration: total, elapsed, startTime, attempt } = state;
  const started = startTime ? dateTime(startTime) : UNKNOWN;
  return [
    ...headline(state),
    ["Duration", duration(ENDED.has(status) ? total : elapsed), ""],
    ["Started", startTime ? started.slice(11, 16) : UNKNOWN, startTime ? started.slice(0, 10) : ""],
    ["Attempt", attempt ? count(attempt) : UNKNOWN, attempt > 1 ? "resumed" : ""],
    dataFact(state),
    modelFact(state),
  ];
}

function dataFact({ dataset, asked }) {
  const sizes = splitSizes(dataset?.sizes ?? {});
  const { classes = [] } = dataset ?? {};
  if (classes.length === 2) sizes.push(`positive: ${classes[1]}`);
  return ["Data", dataset?.name ?? asked.data, sizes.join(" · ")];
}

function modelFact({ model, asked }) {
  const name = model?.name ?? asked.model;
  return ["Model", name, model ? plural(model.parameters, "parameter") : ""];
}

// A disc that fills while the run progresses.
function icon(colour, share) {
  const length = 2 * Math.PI * 11;
  const ring = `<circle cx="16" cy="16" r="11" fill="none" stroke="${colour}"`;
  const svg = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
    `<circle cx="16" cy="16" r="${share < 1 ? 5 : 13}" fill="${colour}"/>`,
    `${ring} stroke-opacity=".3" stroke-width="5"/>`,
    `${ring} stroke-width="5" stroke-dasharray="${share * length} ${length}" transform="rotate(-90 16 16)"/>`,
    "</svg>",
  ].join("");
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
