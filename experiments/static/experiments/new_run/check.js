// The dry run: requests the pre-flight report of the form's content, follows it, and shows the findings.

import { arrange, el } from "../../realtime/frame/dom.js";
import { call } from "../../realtime/frame/api.js";
import { factNodes } from "../../realtime/reading/fact_list.js";
import { isKnown, readingFacts } from "../../realtime/reading/reading_text.js";
import { drawFacts } from "../preflight/facts.js";
import { findingNotice, isQuestion, VERDICTS } from "../preflight/verdicts.js";

const ASK_EVERY = 1000; // milliseconds

const find = (id) => document.getElementById(id);
const cancel = (known) => call(new URL(known.links.self).pathname, { method: "DELETE" });
const given = (known) => known.status === "done" || known.status === "failed" || known.status === "cancelled";

export class Check {
  // `onReport(report)` for each that was made.
  constructor(api, onReport) {
    Object.assign(this, { api, onReport, turn: 0, checked: null, shown: null });
  }

  // Throws what the server refuses; a later check replaces an earlier one, which is cancelled.
  async run(body) {
    const turn = ++this.turn;
    const isCurrent = () => turn === this.turn;
    this.checked = JSON.stringify(body);
    this.#clear();
    this.#showStatus("in_progress", "Checking", "The data are checked, and a few batches go through the network.");
    try {
      let known = await call(`${this.api}?dry_run=true&wait=0`, { method: "POST", json: body });
      while (isCurrent() && !given(known)) {
        this.#showStatus(
          "in_progress",
          "Checking",
          known.status === "queued" ? "Waiting for a worker …" : known.progress || "Starting …",
          known.links.page,
          known,
        );
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
        known = await call(new URL(known.links.self).pathname);
      }
      if (isCurrent()) this.#show(known);
      else if (!given(known)) cancel(known).catch(() => null); // it may have ended just now
    } catch (error) {
      if (isCurrent()) this.discard();
      throw error;
    }
  }

  discard() {
    this.turn += 1;
    this.checked = null;
    this.#clear();
    arrange(find("report"), []);
  }

  // A report is about what was checked, not about later changes of the form.
  compare(body) {
    const stale = this.checked !== null && this.checked !== JSON.stringify(body);
    find("report").classList.toggle("stale", stale);
    const words = find("report").querySelector(".stale-words");
    if (words) words.hidden = !stale;
  }

  #show({ status, report, problem, links }) {
    if (status === "cancelled") return this.#showStatus("cancelled", "Cancelled", problem, links.page);
    if (!report) return this.#showStatus("failed", "No report", problem, links.page);
    this.#showStatus(...VERDICTS[report.verdict], links.page);
    drawFacts(find("facts"), report);
    arrange(find("reading-facts"), isKnown(report.reading) ? factNodes(readingFacts(report.reading)) : []);
    find("reading-part").hidden = !isKnown(report.reading);
    arrange(find("findings"), report.findings.filter((finding) => !isQuestion(finding)).map(findingNotice));
    this.onReport(report);
  }

  #showStatus(kind, title, words, page = null, running = null) {
    const pill = el("span", { class: `pill ${kind}` }, title);
    const link = page ? el("a", { href: new URL(page).pathname }, "Whole report") : null;
    // The next answer says what happened to it, also where it had ended before it could be cancelled.
    const stop =
      running &&
      el("button", { type: "button", class: "quiet", click: () => cancel(running).catch(() => null) }, "Cancel");
    const stale = el(
      "p",
      { class: "stale-words notice", hidden: true },
      "The form has changed since this check; check again.",
    );
    const key = `${kind} ${title} ${words} ${page}`;
    if (this.shown === key) return;
    this.shown = key;
    arrange(find("report"), [el("p", { class: "summary-head" }, pill, el("span", {}, words), link, stop), stale]);
  }

  #clear() {
    this.shown = null;
    arrange(find("facts"), []);
    arrange(find("findings"), []);
    find("reading-part").hidden = true;
  }
}
