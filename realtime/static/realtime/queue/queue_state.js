// The queue as the server described it last, shared by all parts of the page that show some of it.

import { dateTime, known, plural } from "../frame/format.js";

/**
 * @typedef {object} QueueEntry
 * @property {number} run_id
 * @property {number} queue_position
 * @property {string | null} estimated_start
 * @property {string | null} waits_for
 */

/**
 * @typedef {object} Queue as GET /api/queue/ answers, and as `queue` messages say
 * @property {boolean} paused
 * @property {string | null} by
 * @property {string | null} since
 * @property {string | null} reason
 * @property {number} queued
 * @property {QueueEntry[]} runs
 */

/** @typedef {(queue: Queue) => void} QueueListener */

const BEFORE = /^[\d,]+ runs? before it\.$/;

/** @type {Set<QueueListener>} */
const listeners = new Set();
/** @type {Map<number, QueueEntry>} */
let entries = new Map();
/** @type {Queue | null} */
let queue = null;

/** @param {QueueListener} listener */
export const onQueue = (listener) => listeners.add(listener);

/** @param {number} runId */
export const queueEntryOf = (runId) => entries.get(runId) ?? null;

export const queueLength = () => queue?.queued ?? null;

/** @param {Queue} update */
export function updateQueue(update) {
  queue = update;
  entries = new Map(update.runs.map((entry) => [entry.run_id, entry]));
  listeners.forEach((listener) => listener(update));
}

/**
 * Say when a run starts: "starts in about 12 min"; nothing where it is unknown.
 *
 * @param {string | null | undefined} estimated
 * @param {number} [now] milliseconds
 */
export function startsIn(estimated, now = Date.now()) {
  if (!estimated) return "";
  const minutes = Math.round((Date.parse(estimated) - now) / 60_000);
  if (minutes < 1) return "starts within a minute";
  if (minutes < 60) return `starts in about ${minutes} min`;
  const hours = Math.round(minutes / 30) / 2;
  return hours < 48
    ? `starts in about ${plural(hours, "hour")}`
    : `starts in about ${plural(Math.round(hours / 24), "day")}`;
}

/**
 * Describe a queued run's place, as far as it is known.
 *
 * @param {object} run
 * @param {number | null} [run.queuePosition]
 * @param {string | null} [run.estimatedStart]
 * @param {string | null} [run.waitsFor]
 * @param {string | null} [run.queuedAt]
 */
export function queueText({ queuePosition, estimatedStart, waitsFor, queuedAt }) {
  return [
    known(queuePosition) ? `Number ${queuePosition} in the queue` : "Waiting for a worker",
    startsIn(estimatedStart),
    queuedAt ? `waiting since ${dateTime(queuedAt).slice(0, -3)}` : "",
    waitsFor && !(known(queuePosition) && BEFORE.test(waitsFor)) ? waitsFor : "", // its number says that already
  ]
    .filter(Boolean)
    .join(" · ");
}
