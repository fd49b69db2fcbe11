// The splits of a result one at a time, each behind a tab; on paper all of them are shown.

import { el } from "../frame/dom.js";
import { splitTitle } from "../frame/format.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
let chosen = 0; // stays where the result is drawn again

// `cards` of these `splits`; returns the row of tabs and the cards.
export function asTabs(splits, cards) {
  const tabs = splits.map((split, at) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${split}`,
        "aria-controls": `split-${split}`,
        click: () => choose(at),
        keydown: (event) => move(event, at),
      },
      splitTitle(split),
    ),
  );
  const choose = (at) => {
    chosen = at;
    for (const [i, card] of cards.entries()) {
      card.hidden = i !== at;
      tabs[i].setAttribute("aria-selected", String(i === at));
      tabs[i].tabIndex = i === at ? 0 : -1;
    }
  };
  const move = (event, at) => {
    if (!(event.key in STEPS)) return;
    const next = (at + STEPS[event.key] + tabs.length) % tabs.length;
    event.preventDefault();
    choose(next);
    tabs[next].focus();
  };
  for (const [i, card] of cards.entries())
    for (const [name, value] of [
      ["id", `split-${splits[i]}`],
      ["role", "tabpanel"],
      ["aria-labelledby", `tab-${splits[i]}`],
    ])
      card.setAttribute(name, value);
  choose(Math.min(chosen, cards.length - 1));
  return [el("div", { class: "tabs screen-only", role: "tablist", "aria-label": "Splits" }, ...tabs), ...cards];
}
