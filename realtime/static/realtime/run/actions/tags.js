// The run's tags; those who may change the run add and remove them.

import { call, errorText } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";

export class Tags {
  #drawn = null;

  // `onChange(tags)` when the server has agreed.
  constructor(root, runId, { may, onChange }) {
    Object.assign(this, { root, runId, may, onChange });
    this.problem = el("span", { class: "problem", role: "alert", hidden: true });
    this.list = el("ul", { class: "tags", "aria-label": "Tags" });
    this.input = el("input", {
      "aria-label": "Add a tag",
      placeholder: "Add a tag",
      maxlength: 50,
      autocomplete: "off",
      autocapitalize: "off",
    });
    this.form = may
      ? el(
          "form",
          { submit: (event) => (event.preventDefault(), this.#add()) },
          this.input,
          el("button", { type: "submit", class: "quiet" }, "Add"),
        )
      : null;
    root.append(this.list, ...(may ? [this.form, this.problem] : []));
  }

  draw({ tags, deleted }) {
    if (this.form) this.form.hidden = deleted;
    const key = JSON.stringify(tags);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.tags = tags;
    this.list.hidden = !tags.length;
    this.root.hidden = !tags.length && !this.may;
    const remove = (tag) =>
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `Remove the tag ${tag}`,
          title: "Remove",
          click: () => this.#change({ remove: [tag] }),
        },
        "✕",
      );
    this.list.replaceChildren(...tags.map((tag) => el("li", { class: "tag" }, tag, this.may ? remove(tag) : null)));
  }

  async #add() {
    const wanted = this.input.value
      .split(",")
      .map((tag) => tag.trim().toLowerCase())
      .filter(Boolean);
    if (wanted.length && (await this.#change({ add: wanted }))) this.input.value = "";
    this.input.focus();
  }

  async #change({ add = [], remove = [] }) {
    try {
      const { results } = await call("/api/runs/tags/", { method: "POST", json: { runs: [this.runId], add, remove } });
      const refused = results?.find(({ ok }) => !ok);
      this.#showProblem(refused?.detail);
      if (refused) return false;
      this.onChange([...new Set([...this.tags, ...add])].filter((tag) => !remove.includes(tag)).sort());
      return true;
    } catch (error) {
      this.#showProblem(errorText(error));
      return false;
    }
  }

  #showProblem(words = "") {
    this.problem.hidden = !words;
    setText(this.problem, words);
  }
}
