// The four tables of the page of the queue: who waits, who trains, workers, GPUs.

import { el, setText } from "../frame/dom.js";
import { capital, dateTime } from "../frame/format.js";
import { statusText } from "../list/columns/status_text.js";
import { cell, fillRunLinks, KeyedTable } from "./keyed_table.js";
import { ABSENT_TEXT, aliveText, gpusText, loadText, memoryText, shareText, slotsText } from "./machine_text.js";
import { MoveButtons } from "./move_buttons.js";
import { queueLength, startsIn } from "./queue_state.js";

const ELSEWHERE = "Runs of other projects";
const find = (id) => document.getElementById(id);

function runHeading({ id, experiment_name: name, fold, folds }) {
  const small = el("small", { class: "muted" }, `#${id}${fold ? ` · fold ${fold} of ${folds}` : ""}`);
  return el("th", { scope: "row" }, el("a", { href: `/runs/${id}/`, title: name }, name), small);
}

// `mayMove(row)`: whether the reader may move that run; `onMoved()` after a move.
export function waitingTable({ mayMove, onMoved }) {
  const make = ({ row }) => {
    const [place, owner, priority, starts, reason] = ["", "", "", "", "wide"].map((kind) =>
      el("td", { class: kind || null }),
    );
    const labels = ["Place", "Owner", "Priority", "Starts", "Waits because"];
    [place, owner, priority, starts, reason].forEach((node, i) => (node.dataset.label = labels[i]));
    const buttons = el("div", { class: "actions move-buttons" });
    const moves = mayMove(row) ? new MoveButtons(buttons, `/api/runs/${row.id}/move/`, onMoved) : null;
    const words = el("span");
    reason.append(words, ...(moves ? [buttons] : []));
    return {
      node: el("tr", { "data-run": row.id }, runHeading(row), place, owner, priority, starts, reason),
      fill({ row: now, entry }) {
        setText(place, String(entry.queue_position));
        setText(owner, now.owner);
        setText(priority, String(now.priority));
        setText(starts, capital(startsIn(entry.estimated_start).replace(/^starts /, "")) || "Not known");
        starts.title = entry.estimated_start ? dateTime(entry.estimated_start) : "";
        setText(words, entry.waits_for ?? "");
        moves?.draw({ queued: true, position: entry.queue_position, length: queueLength() });
      },
    };
  };
  return new KeyedTable(find("waiting"), { key: ({ row }) => row.id, make });
}

// `workerOf(id)`: the worker that trains the run, as far as it is known.
export function runningTable(workerOf) {
  const make = (row) => {
    const bar = el("progress", { max: 1, "aria-label": "Share of the training steps done" });
    const [text, worker, owner, since] = [el("span"), cell("Worker"), cell("Owner"), cell("Began")];
    return {
      node: el(
        "tr",
        { "data-run": row.id },
        runHeading(row),
        el("td", { class: "wide", "data-label": "Progress" }, bar, text),
        owner,
        worker,
        since,
      ),
      fill(now) {
        bar.value = now.progress.fraction ?? 0;
        setText(text, `${now.status === "cancelling" ? "Cancelling · " : ""}${statusText(now)}`);
        setText(owner, now.owner);
        setText(worker, workerOf(now.id) || "–");
        setText(since, dateTime(now.attempt_start).slice(0, -3) || "–");
      },
    };
  };
  return new KeyedTable(find("running"), { key: ({ id }) => id, make });
}

export function workersTable(nameOf) {
  const make = ({ name }) => {
    const labels = ["Machine", "Slots", "GPUs", "State", "Trains"];
    const [host, slots, gpus, state, runs] = labels.map((label) => cell(label));
    return {
      node: el("tr", {}, el("th", { scope: "row" }, name), host, slots, gpus, state, runs),
      fill(now) {
        const present = now.slots !== undefined;
        setText(host, now.host ?? name.split(":")[0]);
        setText(slots, present ? slotsText(now) : "–");
        setText(gpus, present ? gpusText(now) : "–");
        setText(state, present ? aliveText(now) : ABSENT_TEXT);
        const ids = now.runs.map(({ run_id: id }) => id);
        fillRunLinks(runs, ids, nameOf);
        if (!ids.length) setText(runs, now.busy ? ELSEWHERE : "Nothing now");
      },
    };
  };
  return new KeyedTable(find("workers"), { key: ({ name }) => name, make });
}

export function gpusTable(nameOf) {
  const make = ({ id }) => {
    const labels = ["Machine", "Share", "Memory", "Load", "Runs"];
    const [host, share, memory, load, runs] = labels.map((label) => cell(label));
    const model = el("small", { class: "muted" });
    return {
      node: el("tr", {}, el("th", { scope: "row" }, id, model), host, share, memory, load, runs),
      fill(now) {
        setText(model, now.name ?? "");
        setText(host, now.host);
        setText(share, shareText(now));
        setText(memory, memoryText(now));
        memory.title = now.measured_at ? `Measured at ${dateTime(now.measured_at)}` : "";
        setText(load, loadText(now));
        fillRunLinks(runs, now.runs, nameOf);
        if (!now.runs.length) setText(runs, now.busy ? ELSEWHERE : "None");
      },
    };
  };
  return new KeyedTable(find("gpus"), { key: ({ host, id }) => `${host} ${id}`, make });
}
