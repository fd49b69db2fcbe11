// Predictions of whole data sets: asked for, followed while a worker makes them, and their files.

import { call, errorText } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { bytes, dateTime } from "../../realtime/frame/format.js";
import { hasEnded } from "../model_jobs/job_text.js";
import { JobProgress } from "../model_jobs/job_progress.js";
import { jobWords } from "./prediction_words.js";

const find = (id) => document.getElementById(id);

export class JobList {
  #shown = new Map(); // by the number of the job

  // `address` is where data are predicted; the form is missing for those who may not ask for that.
  constructor(list, form, address) {
    Object.assign(this, { list, form, address });
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
  }

  async refresh() {
    try {
      const { results } = await call(this.list.dataset.api);
      for (const job of results.toReversed()) this.#add(job);
    } catch (error) {
      this.#tell(errorText(error));
    }
  }

  async #ask() {
    const button = this.form.querySelector("button");
    button.disabled = true;
    this.#tell("");
    try {
      const { links } = await call(this.address, {
        method: "POST",
        json: { source_path: find("predict-source").value },
      });
      this.#add(await call(new URL(links.job).pathname));
    } catch (error) {
      this.#tell(errorText(error));
    }
    button.disabled = false;
  }

  // An equal job that is not ended is not made twice, so it may be shown already.
  #add(job) {
    const known = this.#shown.get(job.model_job_id);
    if (known) {
      known.scrollIntoView({ block: "nearest" });
      return;
    }
    const place = el("div");
    const result = el("div", { class: "job-result" });
    const title = `${job.options.source_path}, by ${job.owner}, ${dateTime(job.created_at)}`;
    const item = el("li", {}, el("h3", {}, title), place, result);
    this.#shown.set(job.model_job_id, item);
    this.list.prepend(item);
    const progress = new JobProgress(place, { onDone: (ended) => this.#finish(ended, place, result) });
    if (job.status === "done") this.#finish(job, place, result);
    else if (hasEnded(job)) setText(result, job.problem ?? "Cancelled.");
    else progress.follow(job);
  }

  // The list has no results: each is fetched once.
  async #finish(job, place, result) {
    place.hidden = true;
    const files = job.files.map(({ name, bytes: size, link }) =>
      el("a", { href: new URL(link, location.href).pathname, download: name }, `${name} (${bytes(size)})`),
    );
    const words = el("p", { class: "muted" });
    result.replaceChildren(words, el("p", { class: "links" }, ...files));
    try {
      const found = job.result ? job : await call(new URL(job.links.self, location.href).pathname);
      setText(words, jobWords(found.result));
    } catch (error) {
      setText(words, errorText(error));
    }
  }

  #tell(problem) {
    const place = find("predict-data-problem");
    if (!place) return;
    setText(place, problem);
    place.hidden = !problem;
  }
}
