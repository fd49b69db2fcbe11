// The list of one's own uploads: those of this page, and those that an earlier page began.

import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { bytes, duration, percent } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { Upload } from "./upload.js";

const memory = (id) => `livetrain-upload-${id}`; // when the file was last written, so that another is noticed

export class Uploads {
  constructor(section, api, finished) {
    Object.assign(this, { section, api, finished, entries: new Map() });
    this.list = section.querySelector("ul");
    addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
  }

  get busy() {
    return [...this.entries.values()].some(({ upload }) => upload && ["sending", "waiting"].includes(upload.state));
  }

  // `given`: the name and project, if any.
  async open(file, given) {
    const described = await call(this.api, {
      method: "POST",
      json: { filename: file.name, size: file.size, ...given },
    });
    localStorage.setItem(memory(described.id), file.lastModified);
    this.#begin(this.#entry(described), file);
  }

  // What the server knows and this page does not; what it no longer knows is over.
  async refresh() {
    const { results } = await call(this.api);
    const known = new Set(results.map(({ id }) => id));
    for (const described of results) if (!this.entries.has(described.id)) this.#entry(described);
    for (const [id, { upload }] of this.entries) if (!known.has(id) && !upload) this.#remove(id);
    this.#draw();
  }

  #entry(described) {
    const { id } = described;
    const entry = {
      described,
      upload: null,
      bar: el("progress", { max: 1, "aria-label": `Share of ${described.name} that has arrived` }),
      words: el("p", { class: "muted" }),
    };
    entry.toggle = el("button", { type: "button", click: () => this.#toggle(entry) });
    entry.again = el(
      "label",
      { class: "button" },
      "Choose the file again",
      el("input", { type: "file", class: "hidden-visually", change: ({ target }) => this.#chosen(entry, target) }),
    );
    entry.cancel = el("button", { type: "button", class: "quiet", click: () => this.#cancel(id, entry) });
    entry.node = el(
      "li",
      { class: "card", "data-upload": id },
      el(
        "div",
        { class: "upload-head" },
        el("b", {}, described.name),
        el("span", { class: "muted" }, described.filename),
        el("span", { class: "actions" }, entry.again, entry.toggle, entry.cancel),
      ),
      entry.bar,
      entry.words,
    );
    this.entries.set(id, entry);
    return entry;
  }

  #begin(entry, file) {
    entry.upload = new Upload(file, entry.described, (upload) => this.#changed(entry, upload));
    entry.upload.start();
    this.#draw();
  }

  #chosen(entry, input) {
    const [file] = input.files;
    input.value = ""; // so that choosing the same file once more is a change
    if (!file) return;
    const { id, filename, size } = entry.described;
    const written = localStorage.getItem(memory(id));
    entry.refusal = null;
    if (file.name !== filename || file.size !== size)
      entry.refusal = `That is not the file: it was ${filename} with ${bytes(size)}.`;
    else if (written && Number(written) !== file.lastModified)
      entry.refusal = "The file was changed since; cancel this upload and start again.";
    else return this.#resume(entry, file);
    this.#draw();
  }

  async #resume(entry, file) {
    try {
      entry.described = await call(entry.described.links.self);
      this.#begin(entry, file);
    } catch (error) {
      entry.refusal = error.message;
      this.#draw();
    }
  }

  #toggle({ upload }) {
    if (upload.state === "sending" || upload.state === "waiting") upload.pause();
    else upload.start();
  }

  async #cancel(id, entry) {
    try {
      if (entry.upload) await entry.upload.cancel();
      else await call(entry.described.links.self, { method: "DELETE" });
    } catch (error) {
      if (error.status !== 404) return ((entry.refusal = error.message), this.#draw());
    }
    this.#remove(id);
    this.#draw();
    this.finished();
  }

  #changed(entry, upload) {
    if (upload.state === "done") {
      this.#remove(upload.id);
      this.finished();
    }
    this.#draw();
  }

  #remove(id) {
    this.entries.delete(id);
    localStorage.removeItem(memory(id));
  }

  #draw() {
    for (const entry of this.entries.values()) fill(entry);
    this.section.hidden = this.entries.size === 0;
    arrange(
      this.list,
      [...this.entries.values()].map(({ node }) => node),
    );
  }
}

function fill(entry) {
  const { upload, described, refusal } = entry;
  const problem = refusal ?? (upload?.state === "failed" ? upload.problem : null);
  entry.bar.value = (upload?.sent ?? described.received) / described.size;
  entry.again.hidden = Boolean(upload);
  entry.toggle.hidden = !upload || upload.gone;
  setText(entry.cancel, upload?.gone ? "Close" : "Cancel");
  setText(entry.toggle, upload && ["sending", "waiting"].includes(upload.state) ? "Pause" : "Resume");
  entry.words.className = problem ? "trouble" : "muted";
  setText(entry.words, problem ?? progressText(upload, described));
}

function progressText(upload, { received, size }) {
  const done = `${percent((upload?.sent ?? received) / size, 0)} of ${bytes(size)}`;
  if (!upload) return `${done} arrived before this page was opened`;
  if (upload.state === "waiting") return `${done} · ${upload.problem} Trying again by itself.`;
  if (upload.state === "paused") return `${done} · paused`;
  if (upload.sent >= size) return `${done} · the server looks at it`;
  const { rate } = upload;
  return rate
    ? `${done} · ${bytes(Math.round(rate))}/s · about ${duration(Math.ceil((size - upload.sent) / rate))} left`
    : done;
}
