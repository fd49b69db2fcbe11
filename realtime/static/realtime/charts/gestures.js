// How a chart is operated: drag to zoom (uPlot's own), Shift and drag to pan, Ctrl and wheel to zoom, touch to read
// values, and keys for all of it.

const STEP = 0.3; // of the visible length, per key or notch

// `chart`: {u, zoomTo(min, max), resetZoom(), range()}; u may be rebuilt at any time.
export function addGestures(plot, chart) {
  const over = () => chart.u?.over;
  const at = (event) => event.clientX - over().getBoundingClientRect().left;
  let panning = null;

  // Before uPlot sees it: with Shift a drag moves the curve.
  plot.addEventListener(
    "pointerdown",
    (event) => {
      if (!event.shiftKey || !over()?.contains(event.target)) return;
      event.preventDefault();
      panning = { x: event.clientX, range: chart.range() };
      plot.setPointerCapture(event.pointerId);
    },
    { capture: true },
  );
  plot.addEventListener("mousedown", (event) => event.shiftKey && event.stopPropagation(), { capture: true });
  plot.addEventListener("pointermove", (event) => {
    if (panning) {
      const [low, high] = panning.range;
      const shift = ((panning.x - event.clientX) / over().clientWidth) * (high - low);
      chart.zoomTo(low + shift, high + shift);
    } else if (event.pointerType === "touch" && over()) chart.u.setCursor({ left: at(event), top: 10 });
  });
  plot.addEventListener("pointerup", () => (panning = null));
  plot.addEventListener(
    "wheel",
    (event) => {
      if (!(event.ctrlKey || event.metaKey) || !over()) return;
      event.preventDefault();
      zoomAround(chart, chart.u.posToVal(at(event), "x"), event.deltaY < 0 ? 1 - STEP : 1 / (1 - STEP));
    },
    { passive: false },
  );
  plot.addEventListener("keydown", (event) => {
    if (chart.u && !event.ctrlKey && !event.metaKey && !event.altKey && pressed(chart, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
}

function zoomAround(chart, centre, factor) {
  const [low, high] = chart.range();
  chart.zoomTo(centre - (centre - low) * factor, centre + (high - centre) * factor);
}

function pressed(chart, { key, shiftKey }) {
  const { u } = chart;
  const [low, high] = chart.range();
  const [xs, idx] = [u.data[0], u.cursor.idx];
  const middle = idx === null || idx === undefined ? (low + high) / 2 : xs[idx];
  const show = (index) => {
    const wanted = Math.max(0, Math.min(xs.length - 1, index));
    u.setCursor({ left: u.valToPos(xs[wanted], "x"), top: 10 });
  };
  const move = (by) => show(idx === null || idx === undefined ? (by > 0 ? 0 : xs.length - 1) : idx + by);
  const pan = (by) => chart.zoomTo(low + by * (high - low), high + by * (high - low));
  const acts = {
    ArrowLeft: () => (shiftKey ? pan(-STEP) : move(-1)),
    ArrowRight: () => (shiftKey ? pan(STEP) : move(1)),
    Home: () => show(0),
    End: () => show(xs.length - 1),
    "+": () => zoomAround(chart, middle, 1 - STEP),
    "-": () => zoomAround(chart, middle, 1 / (1 - STEP)),
    0: () => chart.resetZoom(),
  };
  acts[key]?.();
  return key in acts;
}
