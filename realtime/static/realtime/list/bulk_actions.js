// What is done with the selected runs: compare, tag, cancel, delete, restore. Each run's result is reported.

import { call, errorText } from "../frame/api.js";
import { arrange, el, setText } from "../frame/dom.js";
import { ENDED, plural } from "../frame/format.js";
import { toast } from "../frame/toast.js";
import { confirmDialog, resultsDialog } from "./dialog.js";

const [FEWEST, MOST_COMPARED, MOST] = [2, 20, 500];
const DONE = {
  cancel: "Stopping",
  delete: "Deleted",
  restore: "Restored",
  tag: "Tagged",
  untag: "Removed the tag from",
};

// Returns a function that says how many of the runs that it is given were queued.
const ofQueued = (queued, words) => (done) => {
  const many = done.filter((id) => queued.has(id)).length;
  const who = done.length === 1 ? "It" : many === done.length ? "All of them" : `${many} of them`;
  return many ? ` ${who} ${many === 1 ? "was" : "were"} ${words}` : "";
};

export class BulkActions {
  #busy = false;

  // `page`: {selection, api, known(), onDone}; `known` promises the names of tags that there are.
  constructor(bar, state, page) {
    Object.assign(this, { bar, state, page });
    const button = (words, click, options = {}) => el("button", { type: "button", click, ...options }, words);
    this.words = el("span", { class: "how-many", role: "status" });
    this.compareButton = button("Compare", () => this.compare(), {
      class: "primary",
      title: "Compare the selected runs (c)",
    });
    this.usual = [
      this.compareButton,
      button("Tag", () => this.#tag()),
      button("Cancel", () => this.#cancel()),
      button("Delete", () => this.#delete()),
    ];
    this.ofDeleted = [button("Restore", () => this.#restore(this.page.selection.ids), { class: "primary" })];
    this.none = button("Clear", () => this.page.selection.clear(), { class: "quiet", title: "Select none (Esc)" });
  }

  draw() {
    const { size } = this.page.selection.runs;
    this.bar.hidden = size === 0;
    if (!size) return;
    setText(this.words, `${plural(size, "run")} selected`);
    this.compareButton.disabled = size < FEWEST || size > MOST_COMPARED;
    this.compareButton.title =
      size > MOST_COMPARED
        ? `At most ${MOST_COMPARED} runs can be compared`
        : size < FEWEST
          ? "Select another run to compare it with"
          : "Compare the selected runs (c)";
    arrange(this.bar, [this.words, ...(this.state.deleted ? this.ofDeleted : this.usual), this.none]);
  }

  compare() {
    const { ids } = this.page.selection;
    if (ids.length < FEWEST) return toast("Select two runs or more to compare them: x selects the run in focus.");
    if (ids.length > MOST_COMPARED)
      return toast(`At most ${MOST_COMPARED} runs can be compared; ${ids.length} are selected.`);
    location.assign(`/compare/?runs=${ids.join()}`);
  }

  async #cancel() {
    const runs = [...this.page.selection.runs.values()].filter(({ status }) => !ENDED.has(status));
    if (!runs.length) return toast("All selected runs have ended: there is nothing to cancel.");
    const words = "They stop after their current batch and end as cancelled; what they have recorded stays.";
    const answer = await confirmDialog(
      `Cancel ${plural(runs.length, "run")}?`,
      [el("p", {}, words)],
      [
        ["", "Keep them running"],
        ["cancel", `Cancel ${plural(runs.length, "run")}`, "primary"],
      ],
    );
    if (answer)
      await this.#act(
        "cancel",
        runs.map(({ id }) => id),
      );
  }

  async #delete() {
    const queued = new Set(
      [...this.page.selection.runs.values()].filter(({ status }) => status === "queued").map(({ id }) => id),
    );
    const gone = await this.#act("delete", this.page.selection.ids, {
      undo: (ids) => this.#restore(ids, queued),
      more: ofQueued(queued, "queued and got cancelled."),
    });
    this.page.selection.all(
      gone.map((id) => ({ id })),
      false,
    );
  }

  // `queued`: those that waited when they were deleted; restoring does not queue them again.
  async #restore(ids, queued = new Set()) {
    const back = await this.#act("restore", ids, {
      more: ofQueued(queued, "queued when deleted, and stayed cancelled: run again those that should train."),
    });
    this.page.selection.all(
      back.map((id) => ({ id })),
      false,
    );
  }

  async #tag() {
    const { selection } = this.page;
    const mine = [...new Set([...selection.runs.values()].flatMap(({ tags }) => tags))].sort();
    const name = el("input", {
      id: "tag-name",
      list: "tag-names",
      maxlength: 50,
      autocomplete: "off",
      autofocus: true,
    });
    const names = el("datalist", { id: "tag-names" });
    const boxes = mine.map((tag) => el("input", { type: "checkbox", value: tag, checked: true }));
    const kept = boxes.map((box) => el("label", {}, box, el("span", {}, box.value)));
    const fields = el(
      "div",
      { class: "stack" },
      el("label", { for: "tag-name" }, "Add a tag"),
      name,
      names,
      ...(kept.length
        ? [
            el("p", { class: "muted" }, "Tags they have; untick one to remove it from all of them:"),
            el("div", { class: "choices" }, ...kept),
          ]
        : []),
    );
    this.page
      .known()
      .then((known) => names.replaceChildren(...known.map((value) => el("option", { value }))))
      .catch(() => {});
    const answer = await confirmDialog(
      `Tag ${plural(selection.runs.size, "run")}`,
      [fields],
      [
        ["save", "Save", "primary"],
        ["", "Discard"],
      ],
    );
    const [add, remove] = [
      [name.value.trim()].filter(Boolean),
      boxes.filter(({ checked }) => !checked).map(({ value }) => value),
    ];
    if (answer && (add.length || remove.length))
      await this.#send(`${this.page.api}tags/`, { runs: selection.ids, add, remove }, add.length ? "tag" : "untag");
  }

  #act(action, ids, options) {
    return this.#send(`${this.page.api}bulk/`, { action, runs: ids }, action, options);
  }

  // -> the numbers of the runs it was done with
  async #send(url, json, action, { undo = null, more = () => "" } = {}) {
    if (this.#busy) return [];
    if (json.runs.length > MOST)
      return (toast(`At most ${MOST} runs at a time; ${json.runs.length} are selected.`), []);
    this.#busy = true;
    try {
      const { results } = await call(url, { method: "POST", json });
      const done = results.filter(({ ok }) => ok).map(({ id }) => id);
      const takeBack = undo && done.length ? { words: "Undo", act: () => undo(done) } : null;
      if (done.length)
        toast(`${DONE[action]} ${done.length === 1 ? `run ${done[0]}` : plural(done.length, "run")}.${more(done)}`, {
          undo: takeBack,
        });
      if (done.length < results.length)
        resultsDialog(`${done.length} of ${plural(results.length, "run")} done`, results);
      this.page.onDone(action, done);
      return done;
    } catch (error) {
      toast(errorText(error));
      return [];
    } finally {
      this.#busy = false;
    }
  }
}
