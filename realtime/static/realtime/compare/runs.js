// The runs that are compared, as the API has them: configuration, curves, final results. A run that is gone is left
// out, and named.

import { call } from "../frame/api.js";

const POINTS = 1000; // per curve; a zoom fetches more
// Behind a share link the same answers have addresses of their own.
const api = document.getElementById("shared")?.dataset.api ?? "/api/runs/";
const starts = new Map(); // run id -> when its first training began, in seconds since 1970

export async function fetchRuns(ids) {
  const answers = await Promise.allSettled(ids.map((id) => call(`${api}${id}/`)));
  const missing = ids.filter((_, i) => answers[i].status === "rejected" && answers[i].reason.status === 404);
  const failed = answers.find(({ status, reason }) => status === "rejected" && reason.status !== 404);
  if (failed) throw failed.reason;
  return { runs: answers.filter(({ status }) => status === "fulfilled").map(({ value }) => value), missing };
}

// -> Map run id -> Map name -> {x, y}; `range` in the unit of the axis (by time: seconds since each run's own start),
// null for all.
export async function fetchCurves(ids, names, by, range = null) {
  if (!ids.length || !names.length) return new Map();
  const query = { name: names.join(), by, points: POINTS };
  const answers = range && by === "time" ? await fetchSince(ids, query, range) : await fetchTogether(ids, query, range);
  return new Map(answers.map((answer) => [answer.run_id, curvesOf(answer, by)]));
}

// The range begins at another moment in each run.
const fetchSince = (ids, query, [low, high]) =>
  Promise.all(
    ids
      .filter((id) => starts.has(id))
      .map((id) => {
        const [from, to] = [low + starts.get(id), high + starts.get(id)];
        return call(`${api}${id}/series/?${new URLSearchParams({ ...query, from, to })}`);
      }),
  );

async function fetchTogether(ids, query, range) {
  const limits = range ? { from: range[0], to: range[1] } : {};
  const { runs } = await call(`${api}series/?${new URLSearchParams({ ...query, runs: ids.join(), ...limits })}`);
  return runs;
}

function curvesOf({ run_id: id, started, series }, by) {
  if (started !== null) starts.set(id, started);
  const along = (x) => (by === "time" ? x.map((time) => time - started) : x);
  return new Map(series.map(({ name, x, y }) => [name, { x: along(x), y }]));
}

export async function fetchNames(ids) {
  const answers = await Promise.all(ids.map((id) => call(`${api}${id}/series/`)));
  return [...new Set(answers.flatMap(({ names }) => names))];
}

// -> Map run id -> {split: {confusion_matrix, class_names, statistics, …}}
export async function fetchFinals(ids) {
  const answers = await Promise.all(ids.map((id) => call(`${api}${id}/final-stats/`)));
  return new Map(answers.map(({ run_id: id, splits }) => [id, splits]));
}

// -> {split: {samples, patients, best, against, problem}}; nothing for a single run.
export async function fetchDifferences(ids) {
  if (ids.length < 2) return {};
  return (await call(`${api}differences/?runs=${ids.join()}`)).splits;
}
