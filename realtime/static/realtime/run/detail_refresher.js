// What no event says: notes, tags, files, and what was spent. Asked for when something happened, but not for every
// event of a long history.

import { call, statusOf } from "../frame/api.js";
import { ENDED } from "../frame/format.js";
import { describedBy } from "./state.js";

const SOON = 300; // milliseconds
const AFTER_FAILURE = 3000;

export class DetailRefresher {
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #questions = 0; // an answer counts if it is to the newest question
  /** @type {{name: string, size: number, url: string}[] | null} null until they are known */
  files = null;
  /** The names of the checkpoints that are files. */
  checkpoints = { best: "", last: "" };

  /**
   * @param {Record<string, string>} links
   * @param {import("./run_types").RunState} state is updated by each answer
   * @param {object} options
   * @param {() => boolean} options.isPaused whether nothing is asked for
   * @param {() => void} options.onAnswer
   */
  constructor(links, state, { isPaused, onAnswer }) {
    this.links = links;
    this.state = state;
    this.isPaused = isPaused;
    this.onAnswer = onAnswer;
  }

  /** Ask soon; several requests make one question. */
  request(after = SOON) {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.ask();
    }, after);
  }

  /** Discard the answer that is on its way: it lacks a change that was made meanwhile. */
  discardPending() {
    this.#questions += 1;
  }

  async ask() {
    if (this.isPaused()) return;
    const question = ++this.#questions;
    try {
      const [run, list] = await Promise.all([call(this.links.self), call(this.links.files)]);
      if (question !== this.#questions) return;
      this.take(run);
      this.files = list.files;
      this.checkpoints = { best: run.best_checkpoint ?? "", last: run.last_checkpoint ?? "" };
      this.onAnswer();
    } catch (error) {
      const status = statusOf(error);
      if (!status || status >= 500) this.request(AFTER_FAILURE);
    }
  }

  /**
   * Take over what the server says of the run. What depends on the status counts only while it is that of the events.
   *
   * @param {import("./run_types").RunDetail} run
   */
  take(run) {
    const { state } = this;
    const { notes, tags, execution, recalibration, operating_point: operatingPoint, test_split: testSplit } = run;
    Object.assign(state, { notes, tags, execution, recalibration, operatingPoint, testSplit });
    state.described = describedBy(run);
    if (run.status !== state.status) return;
    Object.assign(state, {
      stopRequest: run.stop_request,
      lastCheckpoint: run.last_checkpoint,
      spent: run.spent_seconds,
    });
    if (ENDED.has(run.status)) Object.assign(state, { best: run.best, bestEpoch: run.best.epoch });
  }
}
