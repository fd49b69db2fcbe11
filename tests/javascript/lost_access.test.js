// Sockets whose reader may no longer see what they show: they say so, and do not come back for ever.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"] });

class FakeSocket {
  static OPEN = 1;
  static made = [];

  constructor(url) {
    this.url = String(url);
    this.readyState = FakeSocket.OPEN;
    this.sent = [];
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {}

  says(...items) {
    this.onmessage({ data: JSON.stringify(items) });
  }
}

globalThis.WebSocket = FakeSocket;
globalThis.location = { href: "http://localhost/runs/7/" };
globalThis.document = { addEventListener() {}, hidden: false };
globalThis.addEventListener = () => {};

const { connectListSocket } = await import("../../realtime/static/realtime/events/list_socket.js");
const { Stream } = await import("../../realtime/static/realtime/events/stream.js");

const MINUTE = 60_000;
const links = { websocket: "/ws/runs/7/", events: "/api/runs/7/events/" };

beforeEach(() => (FakeSocket.made = []));

function opened() {
  const states = [];
  const stream = new Stream({ links, target: 0, onEvents() {}, onState: ({ kind }) => states.push(kind) });
  stream.open();
  const [socket] = FakeSocket.made;
  socket.onopen();
  return { states, socket };
}

function passTime(milliseconds) {
  for (let passed = 0; passed < milliseconds; passed += 1000) mock.timers.tick(1000);
}

test("a run that the reader may no longer see ends its stream for good", () => {
  const { states, socket } = opened();
  socket.says({ type: "epoch_end", seq: 1 });
  socket.onclose({ code: 4410 });
  assert.equal(states.at(-1), "withdrawn");
  passTime(MINUTE);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(states.at(-1), "withdrawn");
});

test("a run that is not there when the page comes back may be deleted, or not the reader's to see", () => {
  const { states, socket } = opened();
  socket.says({ type: "epoch_end", seq: 1 });
  socket.onclose({ code: 1006 });
  passTime(2000);
  const again = FakeSocket.made[1];
  again.onopen();
  again.onclose({ code: 4404, reason: "There is no run 7." });
  assert.equal(states.at(-1), "missing");
  passTime(MINUTE);
  assert.equal(FakeSocket.made.length, 2);
});

test("a run that was followed until its end by deletion is deleted", () => {
  const { states, socket } = opened();
  socket.onclose({ code: 4404, reason: "Run 7 is deleted." });
  assert.equal(states.at(-1), "gone");
});

test("who lost the login is told, on every page, and nothing connects again", () => {
  const { states, socket } = opened();
  socket.onclose({ code: 4401 });
  const listStates = [];
  connectListSocket("/ws/runs/", { onItem() {}, onState: ({ kind }) => listStates.push(kind), onMissed() {} });
  FakeSocket.made[1].onopen();
  FakeSocket.made[1].onclose({ code: 4401 });
  passTime(MINUTE);
  assert.deepEqual([states.at(-1), listStates.at(-1)], ["logged-out", "logged-out"]);
  assert.equal(FakeSocket.made.length, 2);
});

test("what is shown is asked for again when the server tells of changes, not when it accepts the connection", () => {
  const heard = [];
  connectListSocket("/ws/runs/", {
    onItem: ({ type }) => heard.push(type),
    onState: ({ kind }) => heard.push(kind),
    onMissed: (first) => heard.push(first ? "asked at first" : "asked again"),
  });
  FakeSocket.made[0].onopen();
  assert.deepEqual(heard, []);
  FakeSocket.made[0].says({ type: "queue" });
  FakeSocket.made[0].says({ type: "run_summary" });
  assert.deepEqual(heard, ["queue", "live", "asked at first", "run_summary"]);
  FakeSocket.made[0].onclose({ code: 1006 });
  passTime(2000);
  FakeSocket.made[1].onopen();
  assert.deepEqual(heard.slice(4), ["reconnecting"]);
  FakeSocket.made[1].says({ type: "queue" });
  assert.deepEqual(heard.slice(5), ["queue", "live", "asked again"]);
});

test("changed rights are no item: what is shown is asked for again", () => {
  const heard = [];
  const handlers = { onItem: ({ type }) => heard.push(type), onState() {}, onMissed: () => heard.push("asked again") };
  connectListSocket("/ws/runs/", handlers);
  const [socket] = FakeSocket.made;
  socket.onopen();
  socket.says({ type: "run_summary" }, { type: "access_changed" }, { type: "queue" });
  assert.deepEqual(heard, ["run_summary", "asked again", "queue"]);
  connectListSocket("/ws/runs/", { ...handlers, onAccessChanged: () => heard.push("access") });
  FakeSocket.made[1].onopen();
  FakeSocket.made[1].says({ type: "access_changed" });
  assert.equal(heard.at(-1), "access");
});
