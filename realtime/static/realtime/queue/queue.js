// Says that the queue is paused, and by whom; staff pause and resume it.

import { call } from "../frame/api.js";
import { arrange, el } from "../frame/dom.js";
import { dateTime } from "../frame/format.js";
import { onQueue, updateQueue } from "./queue_state.js";

const LOAD_EVERY = 5000;

const place = document.getElementById("queue");
const switching = document.getElementById("queue-switch"); // where staff find the button, on the page of all runs
let drawn = null;
let [turns, answered] = [0, 0];

export function pausedText({ by, since, reason }) {
  const words = `${by ?? "Somebody"} paused the queue at ${dateTime(since)}; queued runs wait, trainings continue.`;
  return reason ? `${words} ${reason}` : words;
}

function draw(queue) {
  const key = JSON.stringify([queue.paused, queue.by, queue.since, queue.reason]);
  if (key === drawn) return;
  drawn = key;
  place.hidden = !queue.paused;
  arrange(place, queue.paused ? [el("span", {}, pausedText(queue))] : []);
  if (!switching || !place.dataset.staff) return;
  const words = queue.paused ? "Resume the queue" : "Pause the queue";
  arrange(switching, [el("button", { type: "button", click: () => change(!queue.paused) }, words)]);
}

async function load(options = {}) {
  const turn = ++turns;
  try {
    const queue = await call(place.dataset.api, options);
    if (turn < answered) return; // asked for before the queue was paused or resumed
    answered = turn;
    updateQueue(queue);
  } catch {
    // the page's connection says that the server is away
  }
}

const change = (paused) => load({ method: "POST", json: { paused } });

onQueue(draw);
load();
setInterval(() => document.hidden || place.parentElement.closest("[hidden]") || load(), LOAD_EVERY);
