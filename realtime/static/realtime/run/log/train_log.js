// What the training printed: the newest lines, followed as they come; older ones; a search.

import { call } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { count, ENDED, plural } from "../../frame/format.js";
import { line } from "./log_line.js";

const PAGE = 300; // lines
const MOST_LINES = 3000;
const WAIT = 20; // seconds that the server holds a request for new lines
const AGAIN_AFTER = 3000;
const MOST_MATCHES = 200;

export class TrainLog {
  #turn = 0; // answers to older questions are discarded
  #unread = 0;
  #at = null; // the bytes that are shown; null: not known yet
  #following = false;

  // `ranks`: how many processes print.
  constructor(container, link, { ranks }) {
    this.link = link;
    this.attempts = el(
      "select",
      { "aria-label": "Attempt", change: () => this.#open() },
      el("option", { value: "" }, "All attempts"),
    );
    this.rank = el(
      "select",
      { "aria-label": "Process", hidden: ranks < 2, change: () => this.#open() },
      ...Array.from({ length: ranks }, (_, i) => el("option", { value: i }, i ? `Process ${i}` : "Main process")),
    );
    this.search = el("input", {
      type: "search",
      placeholder: "Search the log",
      "aria-label": "Search the log",
      maxlength: 200,
      autocomplete: "off",
    });
    const form = el(
      "form",
      { role: "search", submit: (event) => (event.preventDefault(), this.#search()) },
      this.search,
      el("button", { type: "submit" }, "Search"),
    );
    this.search.addEventListener("input", () => this.search.value || this.#closeSearch());
    this.note = el("p", { class: "note", role: "status" });
    this.older = el(
      "button",
      { type: "button", class: "quiet", hidden: true, click: () => this.#showOlder() },
      "Show older lines",
    );
    this.matches = el("ol", { class: "matches", hidden: true, tabindex: 0, "aria-label": "Lines found" });
    this.lines = el("ol", { class: "lines", tabindex: 0, "aria-label": "Lines of the log" });
    this.latest = el("button", {
      type: "button",
      class: "primary latest",
      hidden: true,
      click: () => this.#scrollToEnd(),
    });
    this.lines.addEventListener("scroll", () => this.#scrolled());
    container.append(
      el("div", { class: "log-tools" }, form, this.attempts, this.rank, this.older),
      this.note,
      this.matches,
      el("div", { class: "lines-frame" }, this.lines, this.latest),
    );
    // A busy page is told of several changes at once, the newest last.
    const told = (entries) => this.#setVisible(entries.at(-1).isIntersecting);
    new IntersectionObserver(told, { rootMargin: "1200px" }).observe(container);
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  // Updates the attempts to choose from, and whether more may be printed.
  draw({ attempt, status }) {
    while (this.attempts.options.length <= attempt)
      this.attempts.add(new Option(`Attempt ${this.attempts.options.length}`, this.attempts.options.length));
    this.attempts.hidden = attempt < 2;
    const ended = ENDED.has(status);
    if (this.ended !== undefined && this.ended !== ended) this.#follow();
    this.ended = ended;
  }

  // While paused nothing is asked for.
  setPaused(paused) {
    this.paused = paused;
    this.#setVisible(this.seen);
  }

  #setVisible(seen) {
    this.seen = seen;
    if (this.paused) return;
    if (seen && !this.opened) this.#open();
    else this.#follow();
  }

  async #fetch(parameters) {
    const asked = new URLSearchParams({
      rank: this.rank.value,
      ...(this.attempts.value ? { attempt: this.attempts.value } : {}),
      ...parameters,
    });
    return call(`${this.link}?${asked}`);
  }

  // Return whether the lines are shown.
  async #open(parameters = {}) {
    this.opened = true;
    this.#at = null;
    const turn = ++this.#turn;
    try {
      const page = await this.#fetch({ limit: PAGE, ...parameters });
      if (turn !== this.#turn) return false;
      this.lines.replaceChildren(...page.lines.map(line));
      this.#at = { start: page.start, end: page.end };
      this.older.hidden = !page.more_before;
      setText(this.note, page.lines.length || page.size ? "" : "Nothing was printed yet.");
      if (!("after" in parameters)) this.#scrollToEnd();
      this.#follow();
      return true;
    } catch (error) {
      if (turn === this.#turn)
        setText(this.note, error.status ? error.message : "The log could not be fetched; it will be tried again.");
      if (!error.status) setTimeout(() => turn === this.#turn && this.#open(parameters), AGAIN_AFTER);
      return false;
    }
  }

  async #showOlder() {
    if (!this.#at) return;
    const turn = this.#turn;
    const page = await this.#fetch({ limit: PAGE, before: this.#at.start }).catch(() => null);
    if (!page || turn !== this.#turn) return;
    const height = this.lines.scrollHeight;
    this.lines.prepend(...page.lines.map(line));
    this.lines.scrollTop += this.lines.scrollHeight - height;
    this.#at.start = page.start;
    this.older.hidden = !page.more_before;
  }

  // One request at a time, while the log is in view: browsers have few connections to one server.
  async #follow() {
    if (this.#following) return;
    this.#following = true;
    while (this.#at && this.seen && !this.paused && !document.hidden) {
      const [turn, wasEnded] = [this.#turn, this.ended];
      try {
        const page = await this.#fetch({ limit: PAGE, after: this.#at.end, ...(wasEnded ? {} : { wait: WAIT }) });
        if (turn !== this.#turn) continue;
        if (page.reset) this.lines.replaceChildren();
        this.#append(page);
        if (wasEnded && !page.more_after) break;
      } catch (error) {
        if (error.status) break; // a refusal, which would come again
        await new Promise((done) => setTimeout(done, AGAIN_AFTER));
      }
    }
    this.#following = false;
  }

  #append({ lines, end }) {
    this.#at.end = end;
    if (!lines.length) return;
    setText(this.note, "");
    const atEnd = this.#isAtEnd();
    this.lines.append(...lines.map(line));
    if (atEnd) {
      while (this.lines.childElementCount > MOST_LINES) this.lines.firstChild.remove();
      if (this.lines.childElementCount === MOST_LINES)
        [this.#at.start, this.older.hidden] = [Number(this.lines.firstChild.dataset.offset), false];
      this.#scrollToEnd();
    } else this.#drawUnread(this.#unread + lines.length);
  }

  #isAtEnd() {
    return this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 24;
  }

  #scrolled() {
    if (this.#isAtEnd()) this.#drawUnread(0);
    else if (this.latest.hidden && !this.ended) this.#drawUnread(this.#unread);
  }

  #drawUnread(unread) {
    this.#unread = unread;
    this.latest.hidden = this.#isAtEnd();
    setText(this.latest, unread ? `${plural(unread, "new line")} ↓` : "Follow again ↓");
  }

  #scrollToEnd() {
    this.lines.scrollTop = this.lines.scrollHeight;
    this.#drawUnread(0);
  }

  async #search(after = null) {
    const text = this.search.value;
    if (!text) return this.#closeSearch();
    const asked = { search: text, limit: MOST_MATCHES, ...(after === null ? {} : { after }) };
    const page = await this.#fetch(asked).catch(
      ({ status, message }) => (
        setText(this.note, status ? message : "The server could not be reached; search again."),
        null
      ),
    );
    if (!page || text !== this.search.value) return;
    const rows = page.lines.map((found) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", title: "Show the lines around it", click: () => this.#showAround(found.offset) },
          ...marked(found.text, text),
        ),
      ),
    );
    const more =
      page.next === null
        ? null
        : el(
            "li",
            {},
            el(
              "button",
              {
                type: "button",
                class: "quiet",
                click: ({ currentTarget }) => (currentTarget.parentNode.remove(), this.#search(page.next)),
              },
              "Continue the search",
            ),
          );
    if (after === null) this.matches.replaceChildren();
    this.matches.append(...rows, ...(more ? [more] : []));
    this.matches.hidden = false;
    const found = this.matches.childElementCount - (more ? 1 : 0);
    setText(
      this.note,
      found
        ? `${count(found)}${more ? " or more" : ""} ${found === 1 ? "line has" : "lines have"} “${text}”.`
        : more
          ? "Nothing found so far."
          : `No line has “${text}”.`,
    );
  }

  #closeSearch() {
    this.matches.hidden = true;
    this.matches.replaceChildren();
    setText(this.note, "");
  }

  // The found line first; what follows it comes with the next question.
  async #showAround(offset) {
    if (!(await this.#open({ after: offset }))) return;
    this.lines.scrollTop = 0;
    this.older.hidden = offset === 0;
    this.#at.start = offset;
    this.lines.firstChild?.classList.add("found");
    this.#drawUnread(0);
    this.lines.focus();
  }
}

// The text with what was searched for marked, upper or lower case.
function marked(text, wanted) {
  const [lower, needle, parts] = [text.toLowerCase(), wanted.toLowerCase(), []];
  if (lower.length !== text.length) return [text]; // some letters change their length: positions would be wrong
  let from = 0;
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), el("mark", {}, text.slice(at, at + needle.length)));
    from = at + needle.length;
  }
  return [...parts, text.slice(from)];
}

// How many processes of the training print into the log.
export function processCount({ trainer = {} } = {}) {
  const each = Number.isInteger(trainer.devices) ? Math.max(1, trainer.devices) : 1;
  return each * (trainer.num_nodes ?? 1);
}
