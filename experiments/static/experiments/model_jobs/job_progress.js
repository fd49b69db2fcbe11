// A job on a model that a page waits for: its state, a bar, a button that cancels it, and why it failed.

import { call, errorText } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { shownOf } from "./job_text.js";
import { JobWatch } from "./job_watch.js";

/** @typedef {import("./job_text.js").ModelJob} ModelJob */

export class JobProgress {
  /** @type {JobWatch | undefined} */
  #watch;
  /** @type {ModelJob | undefined} */
  #job;

  /**
   * Draw into `place`, an empty element.
   *
   * @param {HTMLElement} place
   * @param {{onDone?: (job: ModelJob) => void, onEnd?: (job: ModelJob) => void}} [listener] `onDone` is called with a
   *   job that is done, `onEnd` with one that has ended in any way
   */
  constructor(place, { onDone, onEnd } = {}) {
    this.listener = { onDone, onEnd };
    this.pill = el("p", { class: "pill queued", role: "status" }, "Asking");
    this.words = el("p", { class: "job-words" });
    this.count = el("p", { class: "job-count" });
    this.cancel = el("button", { type: "button", hidden: true, click: () => this.#cancel() }, "Cancel");
    this.bar = el("progress", { max: 1, "aria-label": "Share of the job that is done", hidden: true });
    this.problem = el("p", { class: "notice failed", role: "alert", hidden: true });
    const line = el("div", { class: "job-line" }, this.pill, this.words, this.count, this.cancel);
    place.classList.add("job-progress");
    place.replaceChildren(line, this.bar, this.problem);
    this.place = place;
    place.hidden = true;
  }

  /**
   * Follow a job, instead of another one that was followed before.
   *
   * @param {string | ModelJob} job its address in the API, or what the API has answered
   */
  follow(job) {
    this.stop();
    this.place.hidden = false;
    this.#say("");
    const address = typeof job === "string" ? job : job.links.self;
    this.#watch = new JobWatch(address, {
      onChange: (found) => this.#draw(found),
      onEnd: (found) => this.#end(found),
      onTrouble: (words, goesOn) => this.#say(goesOn ? `${words} This page tries again.` : words),
    });
    if (typeof job !== "string") this.#draw(job);
  }

  /** Follow no job any more; what is shown stays. */
  stop() {
    this.#watch?.stop();
    this.#watch = undefined;
  }

  /** @param {ModelJob} job */
  #draw(job) {
    this.#job = job;
    const { pill, title, words, count, share } = shownOf(job);
    this.pill.className = `pill ${pill}`;
    setText(this.pill, title);
    setText(this.words, words);
    setText(this.count, count);
    this.cancel.hidden = !job.may_cancel;
    this.bar.hidden = job.status !== "running";
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    this.#say(job.problem ?? "");
  }

  /** @param {ModelJob} job */
  #end(job) {
    this.stop();
    this.listener.onEnd?.(job);
    if (job.status === "done") this.listener.onDone?.(job);
  }

  /** @param {string} words */
  #say(words) {
    setText(this.problem, words);
    this.problem.hidden = !words;
    this.problem.classList.toggle("failed", this.#job?.status !== "cancelled");
  }

  async #cancel() {
    const [job, watch] = [this.#job, this.#watch];
    if (!job || !watch) return;
    this.cancel.disabled = true;
    try {
      watch.show(await call(job.links.cancel, { method: "POST", json: {} }));
    } catch (error) {
      this.#say(errorText(error));
      watch.ask(); // it may have ended meanwhile
    } finally {
      this.cancel.disabled = false;
    }
  }
}
