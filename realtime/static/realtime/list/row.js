// One run as a row of a table; its cells are filled in place, so that what is read or selected stays where it is.

import { arrange, el, setText } from "../frame/dom.js";
import { known } from "../frame/format.js";
import { queueLength, queueEntryOf } from "../queue/queue_state.js";
import { MoveButtons } from "../queue/move_buttons.js";
import { bestCells, fillStatusCells, statusCells } from "./columns/status_cells.js";

export class Row {
  #moveButtons = null;
  #tags = el("span", { class: "tags" });

  // `page`: {columns, selection, staff, onTag}
  constructor(run, page) {
    this.run = run;
    this.page = page;
    [this.status, this.best] = [statusCells(), bestCells()];
    if (page.staff) this.#addMoveButtons(run);
    const own = { status: this.status.nodes[0], progress: this.status.nodes[1], best: this.best.node };
    this.cells = page.columns.filter(({ cells }) => cells).map(({ cells }) => cells());
    const made = this.cells.values();
    const nodes = page.columns.flatMap(({ key, cells }) => (cells ? made.next().value.nodes : [own[key]]));
    this.box = el("input", {
      type: "checkbox",
      "aria-label": `Select run ${run.id}, ${run.experiment_name}`,
      click: (event) => page.selection.click(this.run, event),
    });
    this.link = el("a", { href: run.links.page, "data-stop": "" }, run.experiment_name);
    this.node = el(
      "tr",
      { "data-run": run.id },
      el("td", { class: "pick" }, this.box),
      el("th", { scope: "row" }, this.link, this.#about(run), this.#tags),
      ...nodes,
    );
    this.fill(run);
  }

  #about(run) {
    const words = run.fold ? `fold ${run.fold} of ${run.folds}` : "";
    const fold = run.group_id ? el("a", { href: `/groups/${run.group_id}/` }, words) : words;
    return el(
      "small",
      { class: "muted" },
      `#${run.id} · `,
      fold,
      words ? " · " : "",
      el("span", { class: "path", title: run.source_path }, run.source_path.replace(/^builtin:/, "")),
    );
  }

  #addMoveButtons(run) {
    const place = el("span", { class: "actions move-buttons" });
    this.status.text.after(place);
    this.#moveButtons = new MoveButtons(place, run.links.move, () => {});
  }

  // A summary without columns or curve leaves those that are shown.
  fill(run) {
    this.run = { ...this.run, ...run };
    fillStatusCells({ cells: this.status, best: this.best }, this.run);
    this.status.text.title = this.status.text.textContent; // it may be cut
    const position = (queueEntryOf(run.id) ?? this.run).queue_position;
    this.#moveButtons?.draw({ queued: run.status === "queued", position, length: queueLength() });
    this.best.node.toggleAttribute("data-unknown", !known(this.run.best.value));
    setText(this.link, this.run.experiment_name);
    this.link.title = this.run.experiment_name; // it may be cut
    for (const { fill } of this.cells) fill(this.run);
    this.#drawTags();
    this.drawSelected();
  }

  #drawTags() {
    const names = this.run.tags ?? [];
    if (this.#tags.dataset.names === names.join()) return;
    this.#tags.dataset.names = names.join();
    arrange(
      this.#tags,
      names.map((name) =>
        el(
          "button",
          { type: "button", class: "tag", title: `Only runs tagged ${name}`, click: () => this.page.onTag(name) },
          name,
        ),
      ),
    );
  }

  drawSelected() {
    const selected = this.page.selection.has(this.run.id);
    this.box.checked = selected;
    this.node.classList.toggle("selected", selected);
  }
}
