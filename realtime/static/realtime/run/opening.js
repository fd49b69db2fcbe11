// What the page asks the server for when it opens, and again after a resume: everything at one moment.

import { call } from "../frame/api.js";
import { along, seconds, Store } from "./store.js";

// The browser has begun to fetch it while it loads the scripts; of each curve as many points as a wide chart has pixels.
const SNAPSHOT = document.getElementById("opening").getAttribute("href");
const POINTS = new URLSearchParams(SNAPSHOT.split("?")[1]).get("points");
const DETAIL = 4000; // of the range that is looked at closely
const AGAIN_AFTER = [500, 1000, 2000, 4000, 8000];
const ALL = "batch/*,gradient/*,rate/*,throughput/*,epoch/*";

// -> {snapshot, store}; `by`: the axis of all curves, null for each one's own. Tries until the server answers; throws what it refuses.
export async function fetchAll(links, by, onTrouble) {
  const snapshot = await insist(() => call(SNAPSHOT), onTrouble);
  const { run, training_start: start, series, last_seq: last } = snapshot;
  const store = new Store(along(null), {
    zero: run.start_time ? seconds(run.start_time) : 0,
    stepsPerEpoch: start?.total_steps && start.max_epochs ? start.total_steps / start.max_epochs : null,
  });
  store.load(series, last);
  return { snapshot, store: by ? await turned(links, by, store) : store };
}

// The same curves along another axis; of the same moment or a later one.
export async function turned(links, by, before) {
  const { series, last_seq: last } = await call(
    `${links.series}?${new URLSearchParams({ name: ALL, by, points: POINTS })}`,
  );
  const store = new Store(along(by), before);
  store.load(series, last);
  store.adopt("usage", before);
  return store;
}

// All samples of a kind within a range of its axis.
export async function fetchDetail(links, store, prefix, [low, high]) {
  const by = store.axes[prefix];
  const shift = by === "time" ? store.zero : 0;
  const asked = new URLSearchParams({ name: `${prefix}/*`, by, points: DETAIL, from: low + shift, to: high + shift });
  return store.made(prefix, (await call(`${links.series}?${asked}`)).series);
}

async function insist(work, onTrouble) {
  const since = Date.now();
  for (let turn = 0; ; turn++) {
    try {
      return await work();
    } catch (error) {
      if (error.status && error.status < 500 && error.status !== 429) throw error;
      const delay = AGAIN_AFTER[Math.min(turn, AGAIN_AFTER.length - 1)];
      onTrouble({ kind: "reconnecting", since, at: Date.now() + delay });
      await new Promise((done) => setTimeout(done, delay));
    }
  }
}
