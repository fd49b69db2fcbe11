// Light, dark, or as the reader's system. Kept in a cookie, so that the server writes it into the page and nothing
// flickers.

const ORDER = ["", "light", "dark"]; // "" = as the system
/** @type {Record<string, string>} */
const NAMES = { "": "as the system", light: "light", dark: "dark" };
const YEAR = 31_536_000; // seconds
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Map<string, string>} */
let colours = new Map();

/**
 * Return a colour of the style sheet as the browser resolves it, by the name of its custom property.
 *
 * @param {string} name
 */
export function colour(name) {
  if (!colours.has(name)) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    root.append(probe);
    colours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return /** @type {string} */ (colours.get(name));
}

/**
 * Call `listener` after each change of the colours: what is drawn on a canvas does not change by itself.
 *
 * @param {() => void} listener
 */
export function onColoursChanged(listener) {
  listeners.add(listener);
}

function notifyChange() {
  colours = new Map();
  listeners.forEach((listener) => listener());
}

/** @param {HTMLElement} button */
export function setUpThemeButton(button) {
  const show = () => {
    const theme = root.dataset.theme ?? "";
    if (theme) button.dataset.theme = theme;
    else delete button.dataset.theme;
    button.title = `Colours: ${NAMES[theme]}`;
    button.setAttribute("aria-label", `Colours: ${NAMES[theme]}. Change`);
  };
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(root.dataset.theme ?? "") + 1) % ORDER.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    document.cookie = `theme=${next}; path=/; max-age=${next ? YEAR : 0}; samesite=lax`;
    show();
    notifyChange();
  });
  show();
}

system.addEventListener("change", notifyChange);
matchMedia("print").addEventListener("change", notifyChange); // paper is light
