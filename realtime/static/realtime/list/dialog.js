// A dialog that asks before something is done, and one that shows the results.

import { el } from "../frame/dom.js";

// Resolves with the value of the pressed button, "" for none. `content`: nodes; `buttons`: [[value, words, class]]
export function confirmDialog(title, content, buttons) {
  const heading = el("h2", { id: "asked" }, title);
  const node = el(
    "dialog",
    { "aria-labelledby": "asked" },
    el(
      "form",
      { method: "dialog" },
      heading,
      ...content,
      el(
        "div",
        { class: "actions" },
        ...buttons.map(([value, words, kind]) => el("button", { value, class: kind ?? null }, words)),
      ),
    ),
  );
  document.body.append(node);
  node.showModal();
  return new Promise((done) =>
    node.addEventListener("close", () => {
      node.remove();
      done(node.returnValue);
    }),
  );
}

export const resultsDialog = (title, lines) =>
  confirmDialog(
    title,
    [
      el(
        "ul",
        { class: "results" },
        ...lines.map(({ ok, detail }) => el("li", { class: ok ? null : "problem" }, `${ok ? "✓" : "✕"} ${detail}`)),
      ),
    ],
    [["", "Close", "primary"]],
  );
