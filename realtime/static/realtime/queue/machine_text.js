// Workers and GPUs, in words. Pure.

import { bytes, clock, count, known, percent, plural } from "../frame/format.js";

/**
 * @typedef {object} Worker as GET /api/queue/ describes it
 * @property {string} name
 * @property {string} host
 * @property {number} slots
 * @property {number} busy
 * @property {string[]} gpus
 * @property {string} seen_at
 * @property {{run_id: number, gpus: string[]}[]} runs
 */

/**
 * @typedef {object} Gpu as GET /api/queue/gpus/ describes it
 * @property {string} id
 * @property {string | null} name
 * @property {number | null} utilisation
 * @property {number | null} memory_used
 * @property {number | null} memory_total
 * @property {number[]} runs those of them that the reader may see
 * @property {boolean} [busy] whether any run uses it
 */

/** @param {{queued: number, running: number}} queue */
export const countText = ({ queued, running }) => `${count(queued)} waiting, ${count(running)} running`;

/**
 * Say how many runs start at once, and what bounds one user.
 *
 * @param {{slots: number, workers: Worker[], runs_per_user: number | null}} queue
 */
export function capacityText({ slots, workers, runs_per_user: perUser }) {
  const room = workers.length
    ? `${plural(workers.length, "worker")} with ${plural(slots, "slot")}: so many runs train at once.`
    : "";
  const limit = perUser === null ? "" : `Of one user, at most ${plural(perUser, "run")} at once.`;
  return [room, limit].filter(Boolean).join(" ");
}

/** @param {Pick<Worker, "slots" | "busy">} worker */
export const slotsText = ({ slots, busy }) => `${count(busy)} of ${count(slots)} busy`;

/** @param {Pick<Worker, "seen_at">} worker */
export const aliveText = ({ seen_at: seen }) => `Alive, last heartbeat at ${clock(seen)}`;

export const ABSENT_TEXT =
  "Stopping or lost: it takes no more runs, and those that it trains end or return to the queue.";

/** @param {Pick<Worker, "gpus">} worker */
export const gpusText = ({ gpus }) => (gpus.length ? count(gpus.length) : "None assigned");

/** @param {Pick<Gpu, "memory_used" | "memory_total">} gpu */
export function memoryText({ memory_used: used, memory_total: total }) {
  if (!known(used)) return known(total) ? `${bytes(total)} in all` : "Not measured: only runs measure it";
  return known(total) ? `${bytes(used)} of ${bytes(total)}` : bytes(used);
}

/** @param {Pick<Gpu, "utilisation">} gpu */
export const loadText = ({ utilisation }) => percent(utilisation, 0);

/**
 * Say who has the GPU.
 *
 * @param {Pick<Gpu, "runs" | "busy">} gpu
 */
export const shareText = ({ runs, busy }) =>
  runs.length > 1 ? `Shared by ${plural(runs.length, "run")}` : runs.length || busy ? "In use" : "Free";
