// One run's journal, every event exactly once and in order, over a WebSocket that resumes by number; by long polling
// where no WebSocket gets through.

import { reconnectDelay } from "./backoff.js";
import { LargeEvents } from "./large_events.js";
import { LiveSocket } from "./live_socket.js";
import { inSequence } from "./sequence.js";
import { onWake } from "./wake_detector.js";

/** @typedef {import("./connection_state").ConnectionState} ConnectionState */
/** @typedef {import("./event_types").StreamItem} StreamItem */

const FAILURES_BEFORE_POLLING = 3;
const POLLING = 15_000; // then a WebSocket is tried again
const HELD = 10; // seconds that the server may hold a request
const ANSWERED = 8; // seconds in which it must answer any
const LARGE = 60; // seconds in which a large event must arrive
const SHOWN_FOR = 8_000; // how long the page says how much was caught up
const ACKNOWLEDGED = 1_000; // how often the server hears what has come, while little comes
const UNACKNOWLEDGED = 500; // events after which it hears it at once; it stops ahead of ten times as many
const STABLE_AFTER = 3_000; // a connection that lasts this long counts as working
/** @type {Record<number, string>} */
const FINAL = {
  401: "logged-out",
  403: "logged-out",
  404: "missing",
  4400: "refused",
  4401: "logged-out",
  4403: "refused",
  4404: "gone",
  4410: "withdrawn",
};

class Final extends Error {} // trying again would not help

export class Stream {
  #failures = 0;
  #heardAt = Date.now();
  /** @type {number | null} the last number before the connection was lost, or the machine slept */
  #missedFrom = null;
  #slept = false;
  #counting = false; // whether the server is being asked how much was missed
  /** @type {number | null} */
  #lostAt = null;
  /** @type {LiveSocket | null} */
  #socket = null;
  /** @type {LargeEvents | null} of the socket's events, those that come as links */
  #large = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #stable;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #acknowledging;
  #acknowledged = 0;
  /** @type {number | null} the last number when the server said that there is more */
  #behindAt = null;
  /** @type {ConnectionState["caughtUp"]} */
  #caughtUp;
  #stopped = false;

  /**
   * @param {object} options
   * @param {{websocket: string, events: string}} options.links as in the run's JSON
   * @param {number} options.target the number of the newest event that is known to exist
   * @param {number} [options.last] the number of the last event that is known already
   * @param {(events: StreamItem[]) => void} options.onEvents receives each new event once
   * @param {(state: ConnectionState) => void} options.onState
   * @param {(moment: string) => void} [options.onTouched] users changed what no event tells
   */
  constructor({ links, target, last = 0, onEvents, onState, onTouched = () => {} }) {
    this.links = links;
    this.target = target;
    this.last = last;
    this.onEvents = onEvents;
    this.onState = onState;
    this.onTouched = onTouched;
    this.touched = ""; // when users last changed something, as far as it is known
    onWake(({ slept }) => this.#wake(slept));
  }

  /** Connect; also after an end that was called final, where that no longer holds. */
  open() {
    this.#stopped = false;
    this.#timer = undefined;
    this.#socket?.close();
    // Every second attempt from then on: a server that is down answers neither.
    if (this.#failures >= FAILURES_BEFORE_POLLING && this.#failures % 2) this.#poll();
    else this.#connect();
  }

  /**
   * Skip all events up to that number: they are known from elsewhere.
   *
   * @param {number} last
   */
  skipTo(last) {
    this.last = Math.max(this.last, last);
    this.target = Math.max(this.target, last);
  }

  #connect() {
    if (!this.#lostAt) this.onState({ kind: "connecting" });
    const large = new LargeEvents(
      (url) => this.#get(url, LARGE),
      (items) => socket === this.#socket && this.#receive(items),
      (error) => socket === this.#socket && this.#lost(error instanceof Final ? error.message : undefined),
    );
    const socket = new LiveSocket(`${this.links.websocket}?after=${this.last}&ack=1`, {
      onOpen: () => this.#opened(socket),
      onItems: (items) => large.receive(items),
      onPong: ({ last_seq: head, touched_at: touched }) => {
        this.#updateTarget(head);
        if (touched && touched !== this.touched) this.onTouched((this.touched = touched));
      },
      onEnd: (code = 0, since, reason = "") =>
        this.#lost(FINAL[code === 4404 && reason.startsWith("There is no") ? 404 : code], since),
    });
    this.#large = large;
    this.#socket = socket;
  }

  /** @param {LiveSocket} socket */
  #opened(socket) {
    this.#heardAt = Date.now();
    this.#stable = setTimeout(() => (this.#failures = 0), STABLE_AFTER);
    this.#behindAt = null;
    if (this.#lostAt)
      socket.ask(); // how much was missed
    else this.#report();
  }

  /**
   * @param {StreamItem[]} items
   */
  #receive(items) {
    const { fresh, last, gap } = inSequence(items, this.last);
    if (gap) return this.#lost(); // connects again, after the last event that was passed on
    this.last = last;
    if (this.last < this.target || this.last - this.#acknowledged >= UNACKNOWLEDGED) this.#acknowledge();
    else this.#acknowledging ??= setTimeout(() => this.#acknowledge(), ACKNOWLEDGED);
    this.#heardAt = Date.now();
    this.onEvents(fresh);
    if (!this.#lostAt && !this.#counting) this.#report();
  }

  // To read one takes the server more than to send a frame.
  #acknowledge() {
    clearTimeout(this.#acknowledging);
    this.#acknowledging = undefined;
    this.#acknowledged = this.last;
    this.#socket?.send({ ack: this.last });
  }

  // The server says how far the journal goes, and thereby that it is there. What it has must come before its next
  // answer.
  /** @param {number | null} head */
  #updateTarget(head) {
    this.#lostAt = null;
    this.#counting = false;
    this.target = Math.max(this.target, head ?? 0);
    const stuck = this.#behindAt === this.last && !this.#large?.fetching;
    this.#behindAt = this.target > this.last ? this.last : null;
    if (stuck && this.#behindAt !== null) return this.#lost();
    this.#report();
  }

  #report(kind = "live") {
    const behind = this.target - this.last;
    if (behind > 0) return this.onState({ kind: "catching-up", behind });
    const events = this.#missedFrom === null ? 0 : this.last - this.#missedFrom;
    if (events) this.#caughtUp = { events, slept: this.#slept, until: Date.now() + SHOWN_FOR };
    this.#missedFrom = null;
    this.#slept = false;
    this.onState({ kind, quiet: Math.round((Date.now() - this.#heardAt) / 1000), caughtUp: this.#caughtUp });
  }

  /**
   * @param {string} [final] the state in which it ends, where another attempt would not help
   * @param {number} [since]
   */
  #lost(final, since = Date.now()) {
    this.#socket?.close();
    this.#socket = null;
    this.#counting = false;
    clearTimeout(this.#stable);
    if (final) return this.#stop(final);
    this.#lostAt ??= since;
    this.#missedFrom ??= this.last;
    const delay = reconnectDelay(this.#failures++);
    this.onState({ kind: "reconnecting", since: this.#lostAt, at: Date.now() + delay });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), delay);
  }

  /** @param {string} kind */
  #stop(kind) {
    this.#stopped = true;
    this.#lostAt = this.#missedFrom = null;
    this.#failures = 0;
    this.onState({ kind });
  }

  // Online, awake or visible again: there is no reason to wait any longer, and the first attempts may still fail.
  /** @param {boolean} slept */
  #wake(slept) {
    if (this.#stopped) return;
    if (slept && this.#socket) {
      this.#missedFrom ??= this.last;
      this.#slept = this.#counting = true;
    }
    this.#failures = 0;
    if (!this.#timer || document.hidden) return;
    clearTimeout(this.#timer);
    this.open();
  }

  /**
   * @param {string} url
   * @param {number} seconds
   */
  async #get(url, seconds) {
    const signal = AbortSignal.timeout(1000 * seconds);
    const response = await fetch(url, { signal, cache: "no-store", headers: { Accept: "application/json" } });
    if (FINAL[response.status]) throw new Final(FINAL[response.status]);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
  }

  // The first request is answered at once: whether anything gets through at all must not take long to find out.
  async #poll() {
    const until = Date.now() + POLLING;
    try {
      for (let wait = 0; Date.now() < until; wait = HELD) {
        const page = await this.#get(`${this.links.events}?after=${this.last}&wait=${wait}`, wait + ANSWERED);
        const fresh = page.events.filter((/** @type {{seq: number}} */ event) => event.seq > this.last);
        this.last = Math.max(this.last, page.last_seq);
        this.target = Math.max(this.target, this.last);
        this.#heardAt = Date.now();
        this.#lostAt = null;
        this.onEvents(fresh);
        this.#report("polling");
        if (wait && !fresh.length && page.status !== "in_progress") await new Promise((done) => setTimeout(done, 5000));
      }
      this.#failures = FAILURES_BEFORE_POLLING - 1; // one attempt; if it fails, polling continues
      this.open();
    } catch (error) {
      this.#lost(error instanceof Final ? error.message : undefined);
    }
  }
}
