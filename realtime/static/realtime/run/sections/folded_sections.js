// On a phone what stands below the result of a completed run is folded: headings, each of which opens its section.

import { el } from "../../frame/dom.js";

const PHONE = "(max-width: 760px)";
const OPEN = "hints"; // what is wrong is seen without a press

/**
 * Fold the sections of this part of the page.
 *
 * @param {ParentNode | null} part null where the page has none that is to be folded
 */
export function foldSections(part) {
  if (!part || !matchMedia(PHONE).matches) return;
  for (const heading of part.querySelectorAll("section > h2, section > .section-head > h2")) {
    const section = /** @type {HTMLElement} */ (heading.closest("section"));
    if (section.id === OPEN) continue;
    const click = () => show(section, "folded" in section.dataset);
    const button = el("button", { type: "button", class: "fold", click }, ...heading.childNodes);
    heading.append(button);
    show(section, false);
  }
}

/**
 * Unfold the section in which this stands, or the first one in it.
 *
 * @param {Element | null} node
 */
export function unfold(node) {
  const section = /** @type {HTMLElement | null | undefined} */ (
    node?.closest("[data-folded]") ?? node?.querySelector("[data-folded]")
  );
  if (section) show(section, true);
}

/**
 * @param {HTMLElement} section
 * @param {boolean} shown
 */
function show(section, shown) {
  section.toggleAttribute("data-folded", !shown);
  section.querySelector(".fold")?.setAttribute("aria-expanded", String(shown));
}
