// The states of the page of a run, and what leads from one to another. Pure.

/**
 * `loading`: waits for the snapshot, events are held; also where the server refuses it for good. `live`: shows each
 * event as it comes. `catching_up`: more events exist than have arrived. `disconnected`: no connection, or a final
 * refusal. `ended`: the run has ended, and all its events are here. `deleted`: the run is
 * deleted or not shown, nothing is asked for.
 *
 * @typedef {"loading" | "live" | "catching_up" | "disconnected" | "ended" | "deleted"} PageStateName
 */

/**
 * @typedef {"load" | "loaded" | "behind" | "current" | "lost" | "run_ended" | "run_continued" | "deleted" |
 *   "restored"} Signal
 */

/** @type {Record<PageStateName, Partial<Record<Signal, PageStateName>>>} */
export const TRANSITIONS = {
  loading: { loaded: "live", deleted: "deleted" },
  live: { load: "loading", behind: "catching_up", lost: "disconnected", run_ended: "ended", deleted: "deleted" },
  catching_up: { load: "loading", current: "live", lost: "disconnected", deleted: "deleted" },
  disconnected: { load: "loading", current: "live", behind: "catching_up", deleted: "deleted" },
  ended: {
    load: "loading",
    behind: "catching_up",
    lost: "disconnected",
    run_continued: "live",
    deleted: "deleted",
  },
  deleted: { restored: "loading" },
};

/**
 * What a state of the connection means for the page. The others (`connecting`) change nothing.
 *
 * @type {Record<string, Signal>}
 */
export const SIGNALS = {
  live: "current",
  polling: "current",
  "catching-up": "behind",
  reconnecting: "lost",
  "logged-out": "lost",
  refused: "lost",
  gone: "deleted",
  missing: "deleted",
  withdrawn: "deleted",
};

export class PageState {
  /** @type {PageStateName} */
  name = "loading";

  /**
   * Follow a signal. Return whether it led to another state: a signal that means nothing in this one is ignored.
   *
   * @param {Signal} signal
   */
  signal(signal) {
    const next = TRANSITIONS[this.name][signal];
    if (next) this.name = next;
    return next !== undefined;
  }

  /** @param {...PageStateName} names */
  is(...names) {
    return names.includes(this.name);
  }
}
