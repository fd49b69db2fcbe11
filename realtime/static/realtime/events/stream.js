// One run's journal, every number exactly once and in order, over a WebSocket that resumes by number;
// by long polling where no WebSocket gets through.

import { LargeEvents } from "./large_events.js";
import { Line } from "./line.js";
import { onWake } from "./waking.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 5_000;
const FAILURES_BEFORE_POLLING = 3;
const POLLING = 15_000; // then a WebSocket is tried again
const HELD = 10; // seconds that the server may hold a question
const ANSWERED = 8; // seconds in which it must answer any
const LARGE = 60; // seconds in which a large event must arrive
const TOLD_FOR = 8_000; // how long the page says how much was caught up
const SETTLED = 3_000; // a connection that lasts so long has worked
const FINAL_CODES = { 4400: "refused", 4401: "logged-out", 4403: "refused", 4404: "gone" };
const FINAL_ANSWERS = { 401: "logged-out", 403: "logged-out", 404: "gone" };

class Final extends Error {} // trying again would not help

export class Stream {
  // `links` as in the run's JSON. `onEvents(events)` gets what is new, `onState({kind, …})` how the connection is:
  // connecting, catching-up {behind}, live {quiet, caughtUp: {events, until, slept}}, polling, reconnecting {at}, logged-out, gone, refused.
  // `last`: the number of the last event that is known already.
  constructor({ links, target, last = 0, onEvents, onState }) {
    Object.assign(this, { links, target, last, onEvents, onState, failures: 0, heardAt: Date.now() });
    this.missedFrom = null; // the last number before the connection was lost, or the machine slept
    this.slept = this.counting = false; // counting: how much was missed is asked just now
    this.lostAt = this.line = this.timer = null;
    this.behindAt = null; // the last number when the server said that there is more
    onWake(({ slept }) => this.#wake(slept));
  }

  // Also after an end that was called final, where that is no longer so.
  open() {
    this.stopped = false;
    this.timer = null;
    this.line?.close();
    // Every second try from then on: a server that is down answers neither.
    if (this.failures >= FAILURES_BEFORE_POLLING && this.failures % 2) this.#poll();
    else this.#connect();
  }

  // All up to that number is known from elsewhere.
  knows(last) {
    this.last = Math.max(this.last, last);
    this.target = Math.max(this.target, last);
  }

  #connect() {
    if (!this.lostAt) this.onState({ kind: "connecting" });
    const large = (this.large = new LargeEvents({
      get: (url) => this.#get(url, LARGE),
      onItems: (items) => line === this.line && this.#receive(items, line),
      onError: (error) => line === this.line && this.#lost(error instanceof Final ? error.message : undefined),
    }));
    const line = (this.line = new Line(`${this.links.websocket}?after=${this.last}&ack=1`, {
      onOpen: () => this.#opened(),
      onItems: (items) => large.receive(items),
      onPong: ({ last_seq: head }) => this.#learn(head),
      onEnd: (code, since) => this.#lost(FINAL_CODES[code], since),
    }));
  }

  #opened() {
    this.heardAt = Date.now();
    this.settling = setTimeout(() => (this.failures = 0), SETTLED);
    this.behindAt = null;
    if (this.lostAt) this.line.ask(); // how much was missed
    else this.#say();
  }

  #receive(items, line) {
    const fresh = [];
    for (const item of items) {
      const skipped = item.type === "skipped";
      const [first, final] = skipped ? [item.from, item.to] : [item.seq, item.seq];
      if (final <= this.last) continue; // a duplicate
      if (first > this.last + 1) return this.#lost(); // a gap: take up again after the last number
      this.last = final;
      fresh.push(item);
    }
    line.send({ ack: this.last });
    this.heardAt = Date.now();
    this.onEvents(fresh);
    if (!this.lostAt && !this.counting) this.#say();
  }

  // How far the journal goes, and that the server is there. What it has must come before the next answer.
  #learn(head) {
    this.lostAt = null;
    this.counting = false;
    this.target = Math.max(this.target, head ?? 0);
    const stuck = this.behindAt === this.last && !this.large.fetching;
    this.behindAt = this.target > this.last ? this.last : null;
    if (stuck && this.behindAt !== null) return this.#lost();
    this.#say();
  }

  #say(kind = "live") {
    const behind = this.target - this.last;
    if (behind > 0) return this.onState({ kind: "catching-up", behind });
    const events = this.missedFrom === null ? 0 : this.last - this.missedFrom;
    if (events) this.caughtUp = { events, slept: this.slept, until: Date.now() + TOLD_FOR };
    Object.assign(this, { missedFrom: null, slept: false });
    this.onState({ kind, quiet: Math.round((Date.now() - this.heardAt) / 1000), caughtUp: this.caughtUp });
  }

  #lost(final, since = Date.now()) {
    this.line?.close();
    this.line = null;
    this.counting = false;
    clearTimeout(this.settling);
    if (final) return this.#stop(final);
    this.lostAt ??= since;
    this.missedFrom ??= this.last;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.failures++) * (0.75 + Math.random() / 2);
    this.onState({ kind: "reconnecting", since: this.lostAt, at: Date.now() + delay });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), delay);
  }

  #stop(kind) {
    this.stopped = true;
    this.lostAt = this.missedFrom = null;
    this.failures = 0;
    this.onState({ kind });
  }

  // Back online, awake, or looked at again: no reason to wait any longer, and the first tries may still fail.
  #wake(slept) {
    if (this.stopped) return;
    if (slept && this.line) Object.assign(this, { missedFrom: this.missedFrom ?? this.last, slept: true, counting: true });
    this.failures = 0;
    if (!this.timer || document.hidden) return;
    clearTimeout(this.timer);
    this.open();
  }

  async #get(url, seconds) {
    const signal = AbortSignal.timeout(1000 * seconds);
    const response = await fetch(url, { signal, cache: "no-store", headers: { Accept: "application/json" } });
    if (FINAL_ANSWERS[response.status]) throw new Final(FINAL_ANSWERS[response.status]);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
  }

  // The first question is answered at once: whether anything gets through at all must not take long to find out.
  async #poll() {
    const until = Date.now() + POLLING;
    try {
      for (let wait = 0; Date.now() < until; wait = HELD) {
        const page = await this.#get(`${this.links.events}?after=${this.last}&wait=${wait}`, wait + ANSWERED);
        const fresh = page.events.filter((event) => event.seq > this.last);
        this.last = Math.max(this.last, page.last_seq);
        this.target = Math.max(this.target, this.last);
        this.heardAt = Date.now();
        this.lostAt = null;
        this.onEvents(fresh);
        this.#say("polling");
        if (wait && !fresh.length && page.status !== "in_progress") await new Promise((done) => setTimeout(done, 5000));
      }
      this.failures = FAILURES_BEFORE_POLLING - 1; // one try; if it fails, this goes on
      this.open();
    } catch (error) {
      this.#lost(error instanceof Final ? error.message : undefined);
    }
  }
}
