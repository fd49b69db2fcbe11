// A WebSocket that notices by itself when nothing gets through any more: a connection can die without a word, and what is
// sent into it then is waited for in vain. Whoever has been silent for too long is asked whether it is still there.

import { look, offWake, onWake } from "./waking.js";

const QUIET = 5000; // milliseconds without a word before the server is asked
const PATIENCE = 8000; // for its answer, and for a connection to open
const SHORT_PATIENCE = 3000; // after a sleep, when a dead connection is likely
const FRESH = 1500; // who was heard so lately need not be asked
const TURN = 1000;

export class Line {
  // `onOpen()`, `onItems(items)`, `onPong(answer)`; `onEnd(code, since)` once, with when something was heard last: then it is over.
  constructor(path, { onOpen, onItems, onPong = () => {}, onEnd }) {
    Object.assign(this, {
      onItems,
      onPong,
      onEnd,
      heardAt: Date.now(),
      askedAt: null,
      patience: PATIENCE,
      openedAt: null,
    });
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.startedAt = Date.now();
    this.socket = new WebSocket(url);
    this.socket.onopen = () => {
      this.openedAt = this.heardAt = Date.now();
      onOpen();
    };
    this.socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    this.socket.onclose = ({ code }) => {
      look();
      if (!this.over) this.#end(code, Date.now());
    };
    this.timer = setInterval(() => this.#watch(), TURN);
    this.woken = ({ slept }) => this.#wake(slept);
    onWake(this.woken);
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  // Asks for a sign of life; one question at a time, an impatient one hurries the one that is under way.
  ask(patience = PATIENCE) {
    if (this.askedAt !== null) return (this.patience = Math.min(this.patience, Date.now() - this.askedAt + patience));
    Object.assign(this, { askedAt: Date.now(), patience });
    return this.send({ ping: true });
  }

  // No more of it; nobody is told.
  close() {
    const { socket } = this;
    this.over = true;
    Object.assign(socket, { onopen: null, onmessage: null, onclose: null });
    socket.close();
    clearInterval(this.timer);
    offWake(this.woken);
  }

  #take(items) {
    look();
    this.heardAt = Date.now();
    this.askedAt = null; // whatever came, it lives
    const pongs = items.filter(({ type }) => type === "pong");
    if (pongs.length < items.length) this.onItems(items.filter(({ type }) => type !== "pong"));
    pongs.forEach((pong) => this.onPong(pong));
  }

  #watch() {
    look();
    const now = Date.now();
    if (this.openedAt === null)
      return now - this.startedAt > PATIENCE ? this.#end(undefined, this.startedAt) : undefined;
    if (this.askedAt !== null && now - this.askedAt > this.patience) return this.#end(undefined, this.heardAt);
    if (this.askedAt === null && now - this.heardAt > QUIET) this.ask();
  }

  // A question from before a sleep says nothing: its answer may lie here unread.
  #wake(slept) {
    if (this.over) return;
    if (this.openedAt === null)
      return slept || Date.now() - this.startedAt > FRESH ? this.#end(undefined, this.startedAt) : undefined;
    if (slept) this.askedAt = null;
    if (Date.now() - this.heardAt > FRESH) this.ask(SHORT_PATIENCE);
  }

  #end(code, since) {
    this.close();
    this.onEnd(code, since);
  }
}
