// The line that says how up to date the page is.

import { connectionText } from "./connection_text.js";
import { arrange, el } from "./dom.js";

const LINKS = {
  login: () =>
    el("a", { href: `/login/?next=${encodeURIComponent(location.pathname + location.search)}` }, "Log in again"),
  reload: () => el("a", { href: location.href }, "Load it again"),
  runs: () => el("a", { href: "/" }, "All runs"),
};

/**
 * Write the state into `node`, only where the text has changed.
 *
 * @param {HTMLElement} node
 * @param {import("../events/connection_state").ConnectionState} state
 * @param {{running?: boolean, ended?: boolean}} run
 */
export function drawConnection(node, state, run) {
  const { kind, text, link } = connectionText(state, run);
  const key = `${kind} ${text}`;
  if (node.dataset.drawn === key) return;
  node.dataset.drawn = key;
  node.className = `connection ${kind}`;
  arrange(node, [el("span", {}, text), ...(link ? [LINKS[link]()] : [])]);
}
