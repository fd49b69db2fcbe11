// Numbers, times and names as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bytes,
  capital,
  count,
  duration,
  known,
  measured,
  metricName,
  number,
  percent,
  plural,
  remaining,
  scoreBeside,
  splitName,
  splitSizes,
  tick,
} from "../../realtime/static/realtime/frame/format.js";

test("unknown is never zero", () => {
  for (const value of [null, undefined, NaN, Infinity]) {
    assert.equal(known(value), false);
    for (const write of [number, count, measured, percent, duration]) assert.equal(write(value), "–");
    assert.equal(tick(value), "");
  }
  assert.equal(known(0), true);
});

test("numbers have four significant digits where decimals would say too little or too much", () => {
  const values = [0, 0.5, 0.00012345, 99.99999, 100, 123.456, 1234.56, 123456, -0.25];
  const written = ["0.0000", "0.5000", "1.234e-4", "100.0000", "100.00", "123.46", "1234.6", "1.235e5", "-0.2500"];
  assert.deepEqual(values.map(number), written);
});

test("ticks are short", () => {
  assert.deepEqual([0, 0.1, 12.5, 20_000, 0.0001].map(tick), ["0", "0.1", "12.5", "2e4", "1e-4"]);
});

test("time spans grow from seconds to days", () => {
  const spans = [0, 9.94, 10, 65, 3600, 7384, 172_800];
  assert.deepEqual(spans.map(duration), [
    "0.0 s",
    "9.9 s",
    "10 s",
    "1 min 05 s",
    "1 h 00 min",
    "2 h 03 min",
    "2 d 0 h",
  ]);
});

test("what is left is no finer than an estimate", () => {
  const left = [0.4, 7.2, 61, 601, 4000].map(remaining);
  assert.deepEqual(left, [
    "almost done",
    "about 8 s left",
    "about 1 min 05 s left",
    "about 11 min left",
    "about 1 h 07 min left",
  ]);
});

test("sizes have units of 1024", () => {
  const sizes = [0, 1, 1023, 1024, 1_550_000, 2e15, null];
  assert.deepEqual(sizes.map(bytes), ["0 bytes", "1 byte", "1023 bytes", "1.0 KiB", "1.5 MiB", "1819.0 TiB", "–"]);
});

test("counts, shares and measurements", () => {
  assert.equal(count(1_234_567), "1,234,567");
  assert.equal(percent(0.12345), "12.3 %");
  assert.equal(percent(0.5, 0), "50 %");
  assert.deepEqual([3.14159, 123.456, 98_765.4].map(measured), ["3.14", "123.5", "98,770"]);
  assert.deepEqual(
    [0, 1, 2].map((value) => plural(value, "run")),
    ["0 runs", "1 run", "2 runs"],
  );
});

test("metrics and splits have names, undeclared ones their own", () => {
  assert.equal(metricName("val_auroc"), "validation AUROC");
  assert.equal(metricName("train_cm_tp"), "training TP");
  assert.equal(metricName("val_cohen_kappa"), "validation cohen kappa");
  assert.equal(metricName("my_own_score"), "my own score");
  assert.equal(splitName("val"), "Validation");
  assert.equal(splitName("holdout"), "holdout");
  assert.equal(capital("loss"), "Loss");
});

test("sizes of splits come in the usual order", () => {
  assert.deepEqual(splitSizes({ val: 360, train: 1437 }), ["1,437 train", "360 val"]);
  assert.deepEqual(splitSizes({}), []);
});

test("a score tells on which side of the threshold it is", () => {
  const written = (value, threshold) => scoreBeside(value, threshold);
  assert.equal(written(0.49996, 0.5), "0.49996");
  assert.equal(written(0.4996, 0.5), "0.4996");
  assert.equal(written(0.49, 0.5), "0.490");
  assert.equal(written(0.5, 0.5), "0.500");
  assert.equal(written(0.50004, 0.5), "0.500");
  assert.equal(written(0.1234, 0.1232), "0.1234");
  assert.equal(written(0.4999999999999999, 0.5), "0.4999999999999999");
  assert.equal(written(0.00004, 0.5), "<0.001");
  assert.equal(written(0.99996, 1), ">0.999");
  assert.equal(written(0.4996, null), "0.500");
  assert.equal(written(null, 0.5), "–");
  for (let i = 1; i < 2000; i++) {
    const [value, threshold] = [(i * 7919) % 1009, (i * 104729) % 1013].map((place) => 0.5 + (place - 500) / 1e6);
    assert.equal(Number(written(value, threshold)) >= threshold, value >= threshold);
  }
});
