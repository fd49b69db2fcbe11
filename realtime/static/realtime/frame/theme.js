// Light, dark, or as the reader's system. Kept in a cookie, so that the server writes it into the page and nothing
// flickers.

const ORDER = ["", "light", "dark"]; // "" = as the system
const NAMES = { "": "as the system", light: "light", dark: "dark" };
const YEAR = 31_536_000; // seconds
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const followers = new Set();
let colours = new Map();

// A colour of the style sheet as the browser resolves it, by the name of its custom property.
export function colour(name) {
  if (!colours.has(name)) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    root.append(probe);
    colours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return colours.get(name);
}

// Calls `act` after each change of the colours: what is drawn on a canvas does not follow by itself.
export function onColoursChanged(act) {
  followers.add(act);
}

function notifyChange() {
  colours = new Map();
  followers.forEach((act) => act());
}

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
