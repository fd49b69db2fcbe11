// What the page asks the server for when it opens, and again after a resume: everything at one moment.

import { call, statusOf } from "../frame/api.js";
import { axesFor } from "./curves/curve_kinds.js";
import { CurveStore } from "./curves/curve_store.js";
import { stepsPerEpoch } from "./state.js";
import { seconds } from "./timestamps.js";

/** @typedef {import("./curves/curve_types").Axis} Axis */
/** @typedef {import("./curves/curve_kinds").Prefix} Prefix */
/** @typedef {import("./run_types").Snapshot} Snapshot */
/** @typedef {Record<string, string>} Links as in the run's JSON */
/** @typedef {(state: import("../events/connection_state").ConnectionState) => void} OnTrouble */

const DETAIL = 4000; // points of the range that is looked at closely
const RETRY_AFTER = [500, 1000, 2000, 4000, 8000];
const ALL = "batch/*,gradient/*,rate/*,throughput/*,epoch/*";

export class SnapshotLoader {
  /**
   * @param {Links} links
   * @param {string} address of the snapshot; the browser has begun to fetch it while it loads the scripts
   * @param {OnTrouble} onTrouble
   */
  constructor(links, address, onTrouble) {
    this.links = links;
    this.address = address;
    this.onTrouble = onTrouble;
    // Of each curve as many points as a wide chart has pixels.
    this.points = new URLSearchParams(address.split("?")[1]).get("points") ?? "";
  }

  /**
   * Load everything; retry until the server answers, and throw what it refuses.
   *
   * @param {Axis | null} by the axis of all curves; null for the default of each
   * @returns {Promise<{snapshot: Snapshot, store: CurveStore}>}
   */
  async load(by) {
    const snapshot = /** @type {Snapshot} */ (await this.#retry(() => call(this.address)));
    const { run, training_start: start, series, last_seq: last } = snapshot;
    const store = new CurveStore(axesFor(null), {
      zero: run.start_time ? seconds(run.start_time) : 0,
      stepsPerEpoch: stepsPerEpoch(start),
    });
    store.load(series, last);
    return { snapshot, store: by ? await this.loadAlong(by, store) : store };
  }

  /**
   * Load the same curves along another axis; of the same moment or a later one.
   *
   * @param {Axis} by
   * @param {CurveStore} before
   */
  async loadAlong(by, before) {
    const query = new URLSearchParams({ name: ALL, by, points: this.points });
    const { series, last_seq: last } = await call(`${this.links.series}?${query}`);
    const store = new CurveStore(axesFor(by), before);
    store.load(series, last);
    store.share("usage", before);
    return store;
  }

  /**
   * Load all samples of a kind within a range of its axis.
   *
   * @param {CurveStore} store
   * @param {Prefix} prefix
   * @param {[from: number, to: number]} range
   */
  async loadDetail(store, prefix, [low, high]) {
    const by = store.axes[prefix];
    const shift = by === "time" ? store.zero : 0;
    const [from, to] = [String(low + shift), String(high + shift)];
    const query = new URLSearchParams({ name: `${prefix}/*`, by, points: String(DETAIL), from, to });
    return store.makeTable(prefix, (await call(`${this.links.series}?${query}`)).series);
  }

  /** @param {() => Promise<any>} work */
  async #retry(work) {
    const since = Date.now();
    for (let turn = 0; ; turn++) {
      try {
        return await work();
      } catch (error) {
        const status = statusOf(error);
        if (status && status < 500 && status !== 429) throw error;
        const delay = RETRY_AFTER[Math.min(turn, RETRY_AFTER.length - 1)];
        this.onTrouble({ kind: "reconnecting", since, at: Date.now() + delay });
        await new Promise((done) => setTimeout(done, delay));
      }
    }
  }
}
