// What a job on a model is doing, in words and as a share of the whole. Pure.

import { count } from "../../realtime/frame/format.js";

/**
 * @typedef {{name: string, bytes: number, sha256: string, link: string}} JobFile
 * @typedef {{
 *   model_job_id: number, run_id: number, kind: string, status: string, progress: string, done: number,
 *   total: number | null, problem: string | null, options: Record<string, any>, result?: Record<string, any> | null,
 *   files: JobFile[], owner: string, may_cancel: boolean, may_delete: boolean,
 *   created_at: string, started_at: string | null, ended_at: string | null, expires_at: string | null,
 *   links: Record<string, string>,
 * }} ModelJob as the API describes it
 * @typedef {{pill: string, title: string, words: string, count: string, share: number | null}} Shown
 *   `share` is from 0 to 1, null while it is not known
 */

const TITLES = /** @type {Record<string, [pill: string, title: string]>} */ ({
  queued: ["queued", "Queued"],
  running: ["in_progress", "In progress"],
  done: ["completed", "Done"],
  failed: ["failed", "Failed"],
  cancelled: ["cancelled", "Cancelled"],
});

/** @param {{status: string}} job */
export const hasEnded = (job) => job.status !== "queued" && job.status !== "running";

/**
 * Return what is shown of a job.
 *
 * @param {ModelJob} job
 * @returns {Shown}
 */
export function shownOf(job) {
  const [pill, title] = TITLES[job.status] ?? ["queued", job.status];
  return { pill, title, words: wordsOf(job), count: countOf(job), share: shareOf(job) };
}

/** @param {ModelJob} job */
function wordsOf(job) {
  if (job.status === "queued") return "Waiting for a worker";
  if (job.status === "running") return job.progress || "Starting";
  return "";
}

/** @param {ModelJob} job */
function countOf({ status, done, total }) {
  if (status !== "running" || (!done && total === null)) return "";
  return total === null ? count(done) : `${count(Math.min(done, total))} of ${count(total)}`;
}

/** @param {ModelJob} job */
function shareOf({ status, done, total }) {
  if (status === "done") return 1;
  return status === "running" && total ? Math.min(1, done / total) : null;
}
