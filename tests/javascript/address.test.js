// What the address keeps of the list and of a comparison, and what the API is asked for.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as compared from "../../realtime/static/realtime/compare/address.js";
import {
  extrasQuery,
  filterQuery,
  isFiltered,
  isNewestFirst,
  noFilters,
  readAddress,
  splitList,
  writeAddress,
} from "../../realtime/static/realtime/list/address.js";
import { DEFAULT_COLUMNS, metricParts } from "../../realtime/static/realtime/list/columns/column_keys.js";

test("an empty address is the list with its defaults", () => {
  const values = readAddress("");
  assert.deepEqual([values.ordering, values.by, values.deleted, values.status], ["-id", "", false, []]);
  assert.deepEqual(values.columns, DEFAULT_COLUMNS);
  assert.equal(writeAddress(values), "");
  assert.equal(isFiltered(values), false);
  assert.equal(isNewestFirst(values), true);
});

test("stored columns hold where the address names none", () => {
  assert.deepEqual(readAddress("", "status,metric.val_auroc.best").columns, ["status", "metric.val_auroc.best"]);
  assert.deepEqual(readAddress("?columns=best", "status").columns, ["best"]);
});

test("what was written is read again, commas in values too", () => {
  const filters = "?status=failed,completed&tag=a%5C,b&final_split=test";
  const query = `${filters}&search=two words&deleted=1&by=tag&ordering=-best_value&cursor=x:1`;
  const values = readAddress(query);
  assert.deepEqual(values.tag, ["a,b"]);
  assert.deepEqual(readAddress(writeAddress(values)), values);
  assert.match(writeAddress(values), /^\?status=failed,completed&/);
});

test("values of a list are distinct, and empty ones are left out", () => {
  assert.deepEqual(readAddress("?status=failed,,failed, completed ").status, ["failed", "completed"]);
  assert.deepEqual(splitList(null), []);
  assert.deepEqual(readAddress("?source_path=builtin:digits&dataset=other").dataset, ["builtin:digits"]);
});

test("the API gets the filters but the one that is counted, and days of the reader", () => {
  const values = readAddress("?status=failed&name= cnn &created_after=2026-01-31&deleted=true");
  const query = filterQuery(values);
  assert.equal(query.get("name"), "cnn");
  assert.equal(query.get("deleted"), "1");
  assert.equal(query.get("created_after"), new Date(2026, 0, 31).toISOString());
  assert.equal(filterQuery(values, "status").has("status"), false);
  assert.equal(filterQuery({ ...values, ...noFilters() }).toString(), "");
});

test("only columns that summaries lack are asked for", () => {
  const extras = extrasQuery(readAddress("?columns=status,curve,config.seed,metric.val_auroc.best"));
  assert.equal(extras.get("columns"), "config.seed,metric.val_auroc.best");
  assert.equal(extras.get("sparkline"), "1");
  assert.equal(extrasQuery(readAddress("?columns=status")).toString(), "");
});

test("the key of a metric has a name and perhaps a part", () => {
  assert.deepEqual(metricParts("metric.val_auroc.best"), ["val_auroc", "best"]);
  assert.deepEqual(metricParts("metric.my.own"), ["my.own", undefined]);
});

test("compared runs are numbers, distinct and not too many", () => {
  assert.deepEqual(compared.readAddress("?runs=3,x,3,-1,1.5,7").runs, [3, 7]);
  const many = Array.from({ length: 30 }, (_, i) => i + 1);
  assert.equal(compared.readAddress(`?runs=${many}`).runs.length, compared.MOST_RUNS);
  assert.deepEqual(compared.readAddress("").runs, []);
});

test("wrong choices of a comparison are its defaults", () => {
  const { by, smooth } = compared.readAddress("?by=colour&smooth=7");
  assert.deepEqual([by, smooth], ["epoch", 0.99]);
  assert.equal(compared.readAddress("?smooth=x").smooth, 0);
});

test("a comparison is written and read again; runs that are gone are not hidden", () => {
  const values = compared.readAddress("?runs=1,2&by=time&smooth=0.5&metrics=epoch/val_loss&all=1&hidden=2,9");
  const address = compared.writeAddress(values);
  assert.equal(address, "?runs=1,2&by=time&smooth=0.5&metrics=epoch/val_loss&all=1&hidden=2");
  assert.deepEqual(compared.readAddress(address), { ...values, hidden: new Set([2]) });
  assert.equal(compared.writeAddress(compared.readAddress("?runs=1")), "?runs=1");
});
