// Tells when the page comes back to life: looked at again, online again, or after a time in which nothing ran, as a laptop that slept.

const TURN = 1000; // milliseconds between two looks at the clock
const SLEPT = 5000; // without a look: nothing ran meanwhile (a page that nobody sees may look once a minute only)

const listeners = new Set();
let lookedAt = Date.now();

// `listener({slept})`: whether nothing ran for a while.
export const onWake = (listener) => listeners.add(listener);

export const offWake = (listener) => listeners.delete(listener);

// Whoever is called by something else than a timer looks first: after a sleep messages may come before any timer does.
export function look() {
  const now = Date.now();
  const slept = now - lookedAt > SLEPT;
  lookedAt = now;
  if (slept) tell(true);
}

const tell = (slept) => [...listeners].forEach((listener) => listener({ slept }));

addEventListener("online", () => (look(), tell(false)));
addEventListener("pageshow", ({ persisted }) => (look(), persisted && tell(false)));
document.addEventListener("resume", look);
document.addEventListener("visibilitychange", () => (look(), document.hidden || tell(false)));
setInterval(look, TURN);
