// The unfinished runs that the page of the queue knows, from what the server sends in any order. Pure.

import { ENDED } from "../frame/format.js";

/**
 * @typedef {object} QueueRow a run as GET /api/queue/runs/ describes it, a part of its summary
 * @property {number} id
 * @property {string} experiment_name
 * @property {string} owner
 * @property {number} priority
 * @property {string} status
 * @property {number | null} fold
 * @property {number | null} folds
 * @property {string | null} queued_at
 * @property {string | null} attempt_start
 * @property {{fraction: number | null, epoch: number | null, max_epochs: number, eta_seconds: number | null}} progress
 */

export class RunRows {
  /** @type {Map<number, QueueRow>} */
  #known = new Map();

  /**
   * Take all of them as the server lists them now.
   *
   * @param {{queued: QueueRow[], running: QueueRow[]}} listed
   */
  replace({ queued, running }) {
    this.#known = new Map([...queued, ...running].map((row) => [row.id, row]));
  }

  /**
   * Follow one message of ws/runs/; return whether anything that is shown may have changed.
   *
   * @param {{type: string, run_id?: number, data?: any}} item
   */
  receive({ type, run_id: id, data }) {
    if (type === "run_deleted" || type === "run_withdrawn") return this.#known.delete(/** @type {number} */ (id));
    if (type !== "run_summary") return false;
    if (ENDED.has(data.status)) return this.#known.delete(data.id);
    this.#known.set(data.id, data);
    return true;
  }

  /**
   * Return the waiting runs in their order, each with its place; those of which nothing more is known are left out.
   *
   * @param {import("./queue_state").QueueEntry[]} entries
   */
  waiting(entries) {
    return entries.flatMap((entry) => {
      const row = this.#known.get(entry.run_id);
      return row?.status === "queued" ? [{ row, entry }] : [];
    });
  }

  /** Return the runs that train, the newest first. */
  running() {
    return [...this.#known.values()].filter(({ status }) => status !== "queued").sort((a, b) => b.id - a.id);
  }

  /**
   * Return whether the queue names runs of which nothing is known here.
   *
   * @param {import("./queue_state").QueueEntry[]} entries
   */
  lacks(entries) {
    return entries.some(({ run_id: id }) => !this.#known.has(id));
  }

  /** @param {number} id */
  nameOf(id) {
    return this.#known.get(id)?.experiment_name ?? "";
  }
}
