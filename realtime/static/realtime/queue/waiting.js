// Where queued runs stand: what the server said last, told to every part of the page that shows some of it.

import { dateTime, known, plural } from "../frame/format.js";

const listeners = new Set();
let places = new Map(); // run id -> its place
let queue = null;

export const onQueue = (listener) => listeners.add(listener);

export const placeOf = (runId) => places.get(runId) ?? null;

export const lengthOfQueue = () => queue?.queued ?? null;

// `news` as GET /api/queue/ answers, and as `queue` messages say.
export function takeQueue(news) {
  queue = news;
  places = new Map(news.runs.map((place) => [place.run_id, place]));
  listeners.forEach((listener) => listener(news));
}

// "starts in about 12 min"; nothing where nobody knows.
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

// A queued run's place in words, as far as it is known.
export function waitingWords({ queuePosition, estimatedStart, waitsFor, queuedAt }) {
  return [
    known(queuePosition) ? `Number ${queuePosition} in the queue` : "Waiting for a worker",
    startsIn(estimatedStart),
    queuedAt ? `waiting since ${dateTime(queuedAt).slice(0, -3)}` : "",
    waitsFor ?? "",
  ]
    .filter(Boolean)
    .join(" · ");
}
