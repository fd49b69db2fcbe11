// One run's journal, every number exactly once and in order, over a WebSocket that resumes by number;
// by long polling where no WebSocket gets through.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;
const QUIET = 20_000; // without news for so long, ask whether there should have been some
const FAILURES_BEFORE_POLLING = 3;
const POLLING = 15_000; // then a WebSocket is tried again
const TOLD_FOR = 8_000; // how long the page says how much was caught up
const SETTLED = 3_000; // a connection that lasts so long has worked
const FINAL_CODES = { 4400: "refused", 4401: "logged-out", 4403: "refused", 4404: "gone" };
const FINAL_ANSWERS = { 401: "logged-out", 403: "logged-out", 404: "gone" };

class Final extends Error {} // trying again would not help

export class Stream {
  // `links` as in the run's JSON. `onEvents(events)` gets what is new, `onState({kind, …})` how the connection is:
  // connecting, catching-up {behind}, live {quiet, caughtUp: {events, until}}, polling, reconnecting {at}, logged-out, gone, refused.
  // `last`: the number of the last event that is known already.
  constructor({ links, target, last = 0, onEvents, onState }) {
    Object.assign(this, { links, target, last, onEvents, onState });
    this.missedFrom = null; // the last number before the connection was lost
    this.failures = 0;
    this.lostAt = null;
    this.heardAt = Date.now();
    for (const [source, name] of [[window, "online"], [document, "visibilitychange"]]) {
      source.addEventListener(name, () => this.#hurry());
    }
    setInterval(() => this.#watch(), QUIET / 4);
  }

  open() {
    this.timer = null;
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
    const url = new URL(`${this.links.websocket}?after=${this.last}&ack=1`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(url));
    socket.onopen = () => this.#opened();
    socket.onmessage = (message) => this.#receive(JSON.parse(message.data), socket);
    socket.onclose = (event) => this.socket === socket && this.#lost(FINAL_CODES[event.code]);
  }

  #opened() {
    this.heardAt = Date.now();
    this.settling = setTimeout(() => (this.failures = 0), SETTLED);
    if (this.lostAt) this.#head().catch(() => {}); // how much was missed
    else this.#say();
    this.lostAt = null;
  }

  #receive(items, socket) {
    if (socket !== this.socket) return;
    const fresh = [];
    for (const item of items) {
      const skipped = item.type === "skipped";
      const [first, final] = skipped ? [item.from, item.to] : [item.seq, item.seq];
      if (final <= this.last) continue; // a duplicate
      if (first > this.last + 1) return this.#lost(); // a gap: take up again after the last number
      this.last = final;
      fresh.push(item);
    }
    socket.send(JSON.stringify({ ack: this.last }));
    this.heardAt = Date.now();
    this.onEvents(fresh);
    this.#say();
  }

  #say(kind = "live") {
    const behind = this.target - this.last;
    if (behind > 0) return this.onState({ kind: "catching-up", behind });
    const events = this.missedFrom === null ? 0 : this.last - this.missedFrom;
    if (events) this.caughtUp = { events, until: Date.now() + TOLD_FOR };
    this.missedFrom = null;
    this.onState({ kind, quiet: Math.round((Date.now() - this.heardAt) / 1000), caughtUp: this.caughtUp });
  }

  #lost(final) {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    clearTimeout(this.settling);
    if (final) return this.#stop(final);
    this.lostAt ??= Date.now();
    this.missedFrom ??= this.last;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.failures++) * (0.75 + Math.random() / 2);
    this.onState({ kind: "reconnecting", since: this.lostAt, at: Date.now() + delay });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), delay);
  }

  #stop(kind) {
    this.stopped = true;
    this.onState({ kind });
  }

  // Back online, or looked at again: no reason to wait any longer.
  #hurry() {
    if (this.timer && !document.hidden && !this.stopped) {
      clearTimeout(this.timer);
      this.open();
    }
  }

  // A connection can die without a word: the journal says whether there should have been news.
  async #watch() {
    if (this.socket?.readyState !== WebSocket.OPEN || Date.now() - this.heardAt < QUIET) return;
    const [socket, last] = [this.socket, this.last];
    try {
      await this.#head();
    } catch (error) {
      return this.#lost(error instanceof Final ? error.message : undefined);
    }
    if (this.socket !== socket || this.last !== last) return;
    if (this.target > last) this.#lost();
    else this.#say();
  }

  async #head() {
    this.target = Math.max(this.target, (await this.#get(this.links.self, 8)).last_seq);
    this.#say();
  }

  async #get(url, seconds) {
    const signal = AbortSignal.timeout(1000 * seconds);
    const response = await fetch(url, { signal, cache: "no-store", headers: { Accept: "application/json" } });
    if (FINAL_ANSWERS[response.status]) throw new Final(FINAL_ANSWERS[response.status]);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
  }

  async #poll() {
    const until = Date.now() + POLLING;
    try {
      while (Date.now() < until) {
        const page = await this.#get(`${this.links.events}?after=${this.last}&wait=10`, 30);
        const fresh = page.events.filter((event) => event.seq > this.last);
        this.last = Math.max(this.last, page.last_seq);
        this.heardAt = Date.now();
        this.lostAt = null;
        this.onEvents(fresh);
        this.#say("polling");
        if (!fresh.length && page.status !== "in_progress") await new Promise((done) => setTimeout(done, 5000));
      }
      this.failures = FAILURES_BEFORE_POLLING - 1; // one try; if it fails, this goes on
      this.open();
    } catch (error) {
      this.#lost(error instanceof Final ? error.message : undefined);
    }
  }
}
