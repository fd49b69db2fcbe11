// What the reader chose for all curves: the axis and the smoothing. It is part of the address, so that it can be
// shared; the last choice is the next default.

import { AXIS_CHOICES } from "./curve_kinds.js";

const KEPT = "livetrain.curves";
const SMOOTHEST = 0.99;

export class Toolbar {
  // `onAxis(by | null)` and `onSmoothing(weight)`; null: each curve along its own axis.
  constructor(axis, slider, { onAxis, onSmoothing }) {
    Object.assign(this, { axis, slider });
    const asked = new URLSearchParams(location.search);
    const kept = stored();
    const by = asked.get("by") ?? kept.by;
    const weight = Number(asked.get("smooth") ?? kept.smooth);
    this.by = AXIS_CHOICES.includes(by) ? by : null;
    this.weight = weight > 0 ? Math.min(SMOOTHEST, weight) : 0;
    this.#show();
    axis.addEventListener("change", () => {
      this.by = axis.value || null;
      this.#store();
      onAxis(this.by);
    });
    slider.addEventListener("input", () => {
      this.weight = Number(slider.value);
      this.#store();
      onSmoothing(this.weight);
    });
  }

  // Back to each curve's own axis, where the asked one is not known.
  resetAxis() {
    this.by = null;
    this.#show();
  }

  #show() {
    this.axis.value = this.by ?? "";
    this.slider.value = this.weight;
    this.slider.setAttribute("aria-valuetext", this.weight ? `${Math.round(100 * this.weight)} %` : "off");
  }

  #store() {
    this.#show();
    const asked = new URLSearchParams(location.search);
    for (const [name, value] of [
      ["by", this.by],
      ["smooth", this.weight],
    ]) {
      if (value) asked.set(name, value);
      else asked.delete(name);
    }
    history.replaceState(null, "", `${location.pathname}${asked.size ? `?${asked}` : ""}${location.hash}`);
    try {
      localStorage.setItem(KEPT, JSON.stringify({ by: this.by, smooth: this.weight }));
    } catch {
      // a browser that keeps nothing still has the address
    }
  }
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}
