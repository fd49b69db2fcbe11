// Renames the run and changes its description, in place. Loaded when somebody wants to.

import { call, errorText, statusOf } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { dateTime } from "../../frame/format.js";

const [MOST_NAME, MOST_TEXT] = [200, 4000]; // characters, as the server says

export class DescriptionForm {
  isOpen = false;

  // `place` gives way to the form while it is open; `opener` is the button; `onSaved(run)` when the server has agreed.
  constructor(place, opener, { link, onSaved }) {
    Object.assign(this, { place, opener, link, onSaved });
    this.name = el("input", { maxlength: MOST_NAME, required: true, autocomplete: "off" });
    this.text = el("textarea", { maxlength: MOST_TEXT, rows: 4 });
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.theirs = el("div", { class: "theirs", hidden: true });
    this.save = el("button", { type: "submit", class: "primary" }, "Save");
    this.form = el(
      "form",
      { class: "description-form", "aria-label": "Name and description", submit: (event) => this.#submit(event) },
      el("label", {}, "Name", this.name),
      el("label", {}, "Description, in plain text", this.text),
      this.problem,
      this.theirs,
      el(
        "div",
        { class: "actions" },
        this.save,
        el("button", { type: "button", click: () => this.#cancel() }, "Cancel"),
      ),
    );
    this.form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#cancel());
    place.after(this.form);
  }

  open({ name, description, revision }) {
    Object.assign(this, { revision, wasHidden: this.place.hidden });
    this.name.value = name;
    this.text.value = description;
    this.#tell("");
    this.#show(true);
    this.text.focus();
  }

  #cancel() {
    this.place.hidden = this.wasHidden;
    this.close();
  }

  close() {
    this.#show(false);
    this.opener.focus();
  }

  #show(open) {
    this.isOpen = open;
    this.form.hidden = !open;
    this.opener.hidden = open;
    if (open) this.place.hidden = true; // afterwards the page shows it, if there is something to show
  }

  async #submit(event) {
    event.preventDefault();
    this.save.disabled = true;
    const changes = { experiment_name: this.name.value, description: this.text.value, revision: this.revision };
    try {
      this.#end(await call(this.link, { method: "PATCH", json: changes }));
    } catch (error) {
      if (statusOf(error) === 409) await this.#showTheirs();
      else this.#tell(errorText(error));
    }
    this.save.disabled = false;
  }

  #end(run) {
    this.close();
    this.onSaved(run);
  }

  // Somebody was faster: both texts are shown, and the next "Save" is meant.
  async #showTheirs() {
    try {
      const run = await call(this.link);
      this.revision = run.revision;
      const [who, when] = [run.revised_by ?? "Somebody", dateTime(run.revised_at)];
      this.#tell(`${who} changed this at ${when}. Save again to replace it by yours, or take theirs.`);
      this.theirs.replaceChildren(
        el("b", {}, run.experiment_name),
        el("p", { class: "text" }, run.description || "No description."),
        el("button", { type: "button", click: () => this.#end(run) }, "Take theirs"),
      );
      this.theirs.hidden = false;
    } catch (error) {
      this.#tell(errorText(error));
    }
  }

  #tell(words) {
    this.problem.hidden = !words;
    this.theirs.hidden = true;
    setText(this.problem, words);
  }
}
