// Asks how far a job on a model is, until it has ended: less often where nothing changes, never while nobody looks.

import { call, errorText, statusOf } from "../../realtime/frame/api.js";
import { hasEnded } from "./job_text.js";

export const FIRST_PAUSE = 500; // milliseconds
export const LONGEST_PAUSE = 5_000;
export const LONGEST_AFTER_FAILURES = 30_000;
const GROWTH = 1.5;
const REFUSED = 500; // the statuses below it are answers that stay the same

/** @typedef {import("./job_text.js").ModelJob} ModelJob */

export class JobWatch {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pause = FIRST_PAUSE;
  #last = "";
  #asking = false;
  #stopped = false;
  #waits = false;

  /**
   * @param {string} address of the job in the API
   * @param {{
   *   onChange: (job: ModelJob) => void, onEnd: (job: ModelJob) => void,
   *   onTrouble: (words: string, goesOn: boolean) => void,
   * }} listener `onEnd` is called once, after `onChange`; `onTrouble` says why there is no answer
   */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
    document.addEventListener("visibilitychange", this.#look);
    this.ask();
  }

  /** Ask no more. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
  }

  /** Ask now, for example after a change that this page has made. */
  async ask() {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#asking) return;
    this.#asking = true;
    try {
      const job = await call(this.address);
      if (!this.#stopped) this.show(job);
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
    } finally {
      this.#asking = false;
    }
  }

  /**
   * Take an answer of the API about this job.
   *
   * @param {ModelJob} job
   */
  show(job) {
    const text = JSON.stringify(job);
    this.#pause = text === this.#last ? Math.min(LONGEST_PAUSE, this.#pause * GROWTH) : FIRST_PAUSE;
    this.#last = text;
    this.listener.onChange(job);
    if (!hasEnded(job)) return this.#askLater(this.#pause);
    this.stop();
    this.listener.onEnd(job);
  }

  /** @param {unknown} error */
  #fail(error) {
    const goesOn = (statusOf(error) ?? REFUSED) >= REFUSED;
    this.listener.onTrouble(errorText(error), goesOn);
    if (!goesOn) return this.stop();
    this.#pause = Math.min(LONGEST_AFTER_FAILURES, this.#pause * 2);
    this.#askLater(this.#pause);
  }

  /** @param {number} pause */
  #askLater(pause) {
    clearTimeout(this.#timer);
    this.#waits = document.hidden;
    if (!this.#waits) this.#timer = setTimeout(() => this.ask(), pause);
  }

  #look = () => {
    if (document.hidden) {
      clearTimeout(this.#timer);
      this.#waits = true;
    } else if (this.#waits) {
      this.#waits = false;
      this.ask();
    }
  };
}
