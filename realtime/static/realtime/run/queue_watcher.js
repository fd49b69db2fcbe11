// The place of a queued run: other runs move it without an event of its own, so the queue is followed as long as it
// waits.

import { connectListSocket } from "../events/list_socket.js";
import { MoveButtons } from "../queue/move_buttons.js";
import { onQueue, queueEntryOf, queueLength, updateQueue } from "../queue/queue_state.js";

export class QueueWatcher {
  #disconnect = null;

  // `buttons`: the place of the buttons that move the run, null without them; `onChange()` when its place has changed.
  constructor(runId, state, { buttons, moveLink, onChange }) {
    this.moveButtons = buttons && new MoveButtons(buttons, moveLink, onChange);
    onQueue(() => {
      const entry = queueEntryOf(runId);
      if (!entry || state.status !== "queued") return;
      Object.assign(state, {
        queuePosition: entry.queue_position,
        estimatedStart: entry.estimated_start,
        waitsFor: entry.waits_for,
      });
      onChange();
    });
  }

  draw({ status, deleted, queuePosition }) {
    const queued = status === "queued" && !deleted;
    this.moveButtons?.draw({ queued, position: queuePosition, length: queueLength() });
    if (queued) this.#disconnect ??= this.#connect();
    else this.#disconnect = this.#disconnect?.() ?? null;
  }

  #connect() {
    return connectListSocket("/ws/runs/?only=queue", {
      onItem: ({ type, data }) => type === "queue" && updateQueue(data),
      onState() {},
      onMissed() {},
    });
  }
}
