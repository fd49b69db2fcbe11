// What is compared and how, as the address has it, so that it can be shared.

export const MOST_RUNS = 20;
export const AXES = ["epoch", "step", "time"];
const DEFAULTS = { by: "epoch", smooth: 0, log: "", metrics: "", split: "", all: "", hidden: "" };

const list = (text) => (text ?? "").split(",").filter(Boolean);

export class State {
  constructor(onChange) {
    const asked = new URLSearchParams(location.search);
    this.runs = [...new Set(list(asked.get("runs")).map(Number))]
      .filter((id) => Number.isSafeInteger(id) && id > 0)
      .slice(0, MOST_RUNS);
    this.by = AXES.includes(asked.get("by")) ? asked.get("by") : DEFAULTS.by;
    this.smooth = Math.min(0.99, Math.max(0, Number(asked.get("smooth")) || 0));
    this.metrics = list(asked.get("metrics")); // of curves; none: those that are drawn by default
    this.split = asked.get("split") ?? ""; // of matrices; none: the best there is
    this.all = asked.get("all") === "1"; // options that are equal too
    this.hidden = new Set(list(asked.get("hidden")).map(Number)); // runs without a curve just now
    this.onChange = onChange;
  }

  get isFull() {
    return this.runs.length >= MOST_RUNS;
  }

  // Of the shown ones.
  get shown() {
    return this.runs.filter((id) => !this.hidden.has(id));
  }

  set(changes) {
    Object.assign(this, changes);
    history.replaceState(null, "", this.address());
    this.onChange();
  }

  address() {
    const { runs, by, smooth, metrics, split, all, hidden } = this;
    const values = {
      by,
      smooth,
      metrics: metrics.join(),
      split,
      all: all ? "1" : "",
      hidden: [...hidden].filter((id) => runs.includes(id)).join(),
    };
    const kept = Object.entries(values).filter(([name, value]) => String(value) !== String(DEFAULTS[name]));
    const readable = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/");
    return `?${[["runs", runs.join()], ...kept].map(([name, value]) => `${name}=${readable(value)}`).join("&")}`;
  }
}
