// The page of the queue. Places and progress come by ws/runs/, as on the page of all runs; workers come with what
// queue.js asks for every few seconds, as on other pages; GPUs are asked for while anything trains.

import { connectListSocket } from "../events/list_socket.js";
import { call } from "../frame/api.js";
import { drawConnection } from "../frame/connection.js";
import { setText } from "../frame/dom.js";
import { count } from "../frame/format.js";
import { capacityText, countText } from "./machine_text.js";
import { onQueue, updateQueue } from "./queue_state.js";
import { gpusTable, runningTable, waitingTable, workersTable } from "./queue_tables.js";
import { RunRows } from "./run_rows.js";

const [DRAW_DELAY, ASK_DELAY, GPUS_EVERY] = [250, 300, 10_000]; // milliseconds

const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);

class QueuePage {
  #connection = { kind: "connecting" };
  #drawing = null;
  #asking = null;
  #rows = new RunRows();
  #workerOf = new Map();

  constructor(root) {
    this.root = root;
    const { user, staff } = root.dataset;
    const nameOf = (id) => this.#rows.nameOf(id);
    this.tables = {
      waiting: waitingTable({
        mayMove: ({ owner }) => Boolean(staff) || owner === user,
        onMoved: () => this.#ask(),
      }),
      running: runningTable((id) => this.#workerOf.get(id)),
      workers: workersTable(nameOf),
      gpus: gpusTable(nameOf),
    };
  }

  start({ report, rows, gpus }) {
    this.#rows.replace(rows);
    this.gpus = gpus;
    onQueue((queue) => this.#receiveQueue(queue));
    updateQueue(report);
    this.#draw();
    setInterval(() => this.#setConnection(this.#connection), 1000);
    setInterval(() => this.queue.running && !document.hidden && this.#loadGpus(), GPUS_EVERY);
    document.addEventListener("visibilitychange", () => document.hidden || this.#draw());
    connectListSocket(this.root.dataset.websocket, {
      onItem: (item) => this.#receive(item),
      onState: (connection) => this.#setConnection(connection),
      onMissed: () => this.#ask(),
    });
  }

  #setConnection(connection) {
    this.#connection = connection;
    drawConnection(find("connection"), connection, {});
  }

  // --- what comes ---

  // What comes by the socket has no workers: those of the last answer stay.
  #receiveQueue(queue) {
    const changed = this.queue?.running !== queue.running;
    this.queue = { ...this.queue, ...queue };
    const trained = this.#allWorkers.flatMap(({ name, runs }) => runs.map(({ run_id: id }) => [id, name]));
    this.#workerOf = new Map(trained);
    if (this.#rows.lacks(queue.runs)) this.#ask();
    if (changed && this.drawn) this.#loadGpus();
    this.#drawSoon();
  }

  get #allWorkers() {
    return [...this.queue.workers, ...this.queue.absent_workers];
  }

  #receive(item) {
    if (item.type === "queue") updateQueue(item.data);
    else if (this.#rows.receive(item)) this.#drawSoon();
  }

  #ask() {
    if (this.#asking !== null) return;
    this.#asking = setTimeout(() => this.#load(), ASK_DELAY);
  }

  async #load() {
    const rows = await call(this.root.dataset.rows).catch(() => null); // the connection says that the server is away
    this.#asking = null;
    if (rows) this.#rows.replace(rows);
    this.#drawSoon();
  }

  async #loadGpus() {
    const found = await call(this.root.dataset.gpus).catch(() => null);
    if (found) this.gpus = found.gpus;
    this.#drawSoon();
  }

  // --- drawing ---

  #drawSoon() {
    if (this.#drawing !== null) return;
    this.#drawing = setTimeout(() => {
      this.#drawing = null;
      if (!document.hidden) this.#draw();
    }, DRAW_DELAY);
  }

  #draw() {
    const { tables, queue, gpus } = this;
    const waiting = this.#rows.waiting(queue.runs);
    setText(find("queue-count"), countText(queue));
    setText(find("capacity"), capacityText(queue));
    tables.waiting.draw(waiting, "No run waits: a new one starts at once where a slot is free.");
    const rest = queue.queued - waiting.length;
    setText(find("more-waiting"), rest > 0 && waiting.length ? `And ${count(rest)} more behind them.` : "");
    tables.running.draw(this.#rows.running(), "No run trains.");
    tables.workers.draw(
      this.#allWorkers,
      "No worker is running, so nothing starts. On the server, manage.py worker starts one.",
    );
    tables.gpus.draw(gpus, "No GPU is known: workers assign none, and no run that trains sees one.");
    this.drawn = true;
    find("loading").hidden = true;
    this.root.hidden = false;
  }
}

new QueuePage(find("queue-parts")).start({
  report: json("queue-report"),
  rows: json("queue-rows"),
  gpus: json("queue-gpus"),
});
