// Folders and files below the data roots, to pick a path instead of typing it.

import { el } from "../../realtime/frame/dom.js";
import { count, plural } from "../../realtime/frame/format.js";
import { call, errorText } from "../../realtime/frame/api.js";

export class RootBrowser {
  #requests = 0; // an answer counts if it is to the newest request

  // `choose(path)` is called with what was picked.
  constructor(api, choose) {
    Object.assign(this, { api, choose });
    this.panel = el("div", { class: "browser", id: "root-browser", hidden: true });
    this.button = el(
      "button",
      { type: "button", "aria-expanded": "false", "aria-controls": "root-browser", click: () => this.#toggle() },
      "Browse …",
    );
    this.node = el("div", { class: "browsing" }, this.button, this.panel);
  }

  #toggle(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.#visit("");
    else this.button.focus();
  }

  async #visit(path, { focus = false } = {}) {
    const request = ++this.#requests;
    const nodes = await call(`${this.api}?path=${encodeURIComponent(path)}`).then(
      (found) => this.#nodes(found),
      (error) => [el("p", { class: "fault", role: "alert" }, errorText(error)), this.#step("Back to the start", "")],
    );
    if (request !== this.#requests) return;
    this.panel.replaceChildren(...nodes);
    if (focus) this.panel.querySelector("button")?.focus(); // the pressed one is gone
  }

  #nodes({ path, parent, entries, others, is_cut: isCut }) {
    const head = path
      ? [
          el("p", { class: "browser-path" }, path),
          el(
            "div",
            { class: "presets" },
            this.#step("↑ Up", parent),
            el("button", { type: "button", class: "primary", click: () => this.#pick(path) }, "Use this folder"),
          ),
        ]
      : [el("p", { class: "help" }, entries.length ? "The data folders of this server:" : "There is no data folder.")];
    const list = el(
      "ul",
      { "aria-label": path ? `In ${path}` : "Data folders" },
      ...entries.map((entry) => el("li", {}, this.#entry(entry))),
    );
    const rest = [
      others ? `${plural(others, "other file")} beside` : "",
      isCut ? `only ${count(entries.length)} of the names are shown: write the path of others` : "",
    ].filter(Boolean);
    return [...head, list, ...(rest.length ? [el("p", { class: "help" }, `${rest.join("; ")}.`)] : [])];
  }

  #entry({ kind, name, path }) {
    if (kind === "folder") return this.#step(`${name}/`, path);
    return el("button", { type: "button", class: "quiet", click: () => this.#pick(path) }, name);
  }

  #step(words, path) {
    return el("button", { type: "button", class: "quiet", click: () => this.#visit(path, { focus: true }) }, words);
  }

  #pick(path) {
    this.choose(path);
    this.#toggle(false);
  }
}
