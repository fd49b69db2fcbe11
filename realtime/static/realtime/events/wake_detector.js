// Detects that the page comes back to life: visible again, online again, or after a time in which nothing ran, as on a
// laptop that slept.

const TURN = 1000; // milliseconds between two readings of the clock
const SLEPT = 5000; // without a reading: nothing ran meanwhile (a hidden page may read the clock once a minute only)

/** @typedef {(event: {slept: boolean}) => void} WakeListener `slept`: whether nothing ran for a while */

/** @type {Set<WakeListener>} */
const listeners = new Set();
let checkedAt = Date.now();

/** @param {WakeListener} listener */
export const onWake = (listener) => listeners.add(listener);

/** @param {WakeListener} listener */
export const offWake = (listener) => listeners.delete(listener);

/** @param {boolean} slept */
const notify = (slept) => [...listeners].forEach((listener) => listener({ slept }));

/** Check for a sleep. Code that no timer calls does so first: after a sleep, messages may arrive before any timer. */
export function checkClock() {
  const now = Date.now();
  const slept = now - checkedAt > SLEPT;
  checkedAt = now;
  if (slept) notify(true);
}

addEventListener("online", () => (checkClock(), notify(false)));
addEventListener("pageshow", ({ persisted }) => (checkClock(), persisted && notify(false)));
document.addEventListener("resume", checkClock);
document.addEventListener("visibilitychange", () => (checkClock(), document.hidden || notify(false)));
setInterval(checkClock, TURN);
