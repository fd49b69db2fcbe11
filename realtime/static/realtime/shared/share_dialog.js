// Makes links that show runs without an account, and revokes those that hold. Loaded when a reader presses Share.

import { call, errorText } from "../frame/api.js";
import { el, setText } from "../frame/dom.js";
import { dateTime } from "../frame/format.js";

const DAYS = [1, 7, 14, 30, 90];
const USUAL = 14;

class ShareDialog {
  // `what` is shared, in words; `address` lists and makes links; `more` goes with each request for one; `isOfThese(link)`
  // tells which links are of what is shared.
  constructor({ what, address, more = {}, isOfThese = () => true }) {
    Object.assign(this, { what, address, more, isOfThese });
    this.days = el(
      "select",
      { name: "days" },
      ...DAYS.map((days) =>
        el("option", { value: days, selected: days === USUAL }, days === 1 ? "1 day" : `${days} days`),
      ),
    );
    this.samples = el("input", { type: "checkbox", name: "with_samples" });
    this.problem = el("p", { class: "problem", role: "alert" });
    this.made = el("div", { class: "made", role: "status" });
    this.list = el("ul", { class: "share-links" });
    this.root = this.#dialog();
    document.body.append(this.root);
    this.root.addEventListener("close", () => this.root.remove());
  }

  open() {
    this.root.showModal();
    return this.#load();
  }

  #dialog() {
    const make = el("button", { type: "submit", class: "primary" }, "Make a link");
    const form = el(
      "form",
      { class: "share-form", submit: (event) => this.#make(event, make) },
      el("label", {}, "It holds for", this.days),
      el("label", {}, this.samples, "With pictures, predictions and sample ids"),
      make,
    );
    return el(
      "dialog",
      { "aria-labelledby": "share-title", class: "share-dialog" },
      el("h2", { id: "share-title" }, `Share ${this.what}`),
      el("p", { class: "muted" }, "Anyone who has the link can read results, curves and statistics, without an account."),
      form,
      this.problem,
      this.made,
      el("h3", {}, "Links that hold"),
      this.list,
      el("div", { class: "actions" }, el("button", { type: "button", click: () => this.root.close() }, "Close")),
    );
  }

  async #make(event, button) {
    event.preventDefault();
    setText(this.problem, "");
    button.disabled = true;
    const json = { days: Number(this.days.value), with_samples: this.samples.checked, ...this.more };
    try {
      this.#show(await call(this.address, { method: "POST", json }));
      await this.#load();
    } catch (error) {
      setText(this.problem, errorText(error));
    }
    button.disabled = false;
  }

  #show({ link }) {
    const field = el("input", { readonly: true, value: link, spellcheck: "false", "aria-label": "The link" });
    const copy = el("button", { type: "button", click: () => this.#copy(field, copy) }, "Copy");
    const words = el("p", {}, "Copy the link now: it is not shown again.");
    this.made.replaceChildren(words, el("div", { class: "share-made" }, field, copy));
    field.select();
  }

  async #copy(field, button) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      setText(button, "Copied");
    } catch {
      setText(button, "Press Ctrl+C"); // it is selected
    }
  }

  async #load() {
    try {
      const { results } = await call(this.address);
      const shown = results.filter(this.isOfThese).map((link) => this.#item(link));
      this.list.replaceChildren(...(shown.length ? shown : [el("li", { class: "muted" }, "None.")]));
    } catch (error) {
      setText(this.problem, errorText(error));
    }
  }

  #item(link) {
    const used = link.last_used ? `last opened ${dateTime(link.last_used)}` : "never opened";
    const many = link.runs.length > 1 ? `a comparison of ${link.runs.length} runs, ` : "";
    const samples = link.with_samples ? ", with pictures and predictions" : "";
    const words = `By ${link.created_by}: ${many}until ${dateTime(link.expires_at)}, ${used}${samples}`;
    const revoke = { type: "button", class: "quiet", "aria-label": `Revoke link ${link.id}` };
    return el("li", {}, el("span", {}, words), el("button", { ...revoke, click: () => this.#revoke(link) }, "Revoke"));
  }

  async #revoke({ id }) {
    try {
      await call(`/api/share-links/${id}/`, { method: "DELETE" });
      this.made.replaceChildren();
      await this.#load();
    } catch (error) {
      setText(this.problem, errorText(error));
    }
  }
}

export const shareRun = (id) => new ShareDialog({ what: `run ${id}`, address: `/api/runs/${id}/share-links/` }).open();

/** @param {number[]} runs */
export function shareComparison(runs) {
  const key = [...runs].sort((a, b) => a - b).join();
  const isOfThese = (link) => [...link.runs].sort((a, b) => a - b).join() === key;
  const what = runs.length === 1 ? `run ${runs[0]}` : `this comparison of ${runs.length} runs`;
  return new ShareDialog({ what, address: "/api/share-links/", more: { runs }, isOfThese }).open();
}
