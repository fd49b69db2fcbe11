// The page of one external test: the parts of a run's result, filled with what was found on other data.

import { call, errorText } from "../../realtime/frame/api.js";
import { drawResults } from "../../realtime/charts/matrix.js";
import { setText } from "../../realtime/frame/dom.js";
import { drawFinalCurves } from "../../realtime/run/evaluation/final_curves.js";
import { drawPoints } from "../../realtime/run/points/point_table.js";
import { finalsOf, ownName } from "./external_finals.js";

const find = (id) => document.getElementById(id);
const read = (id) => JSON.parse(find(id).textContent);
const [test, labels] = [read("external-test"), read("statistic-labels")];
const finals = finalsOf(test);
const unloaded = () => {}; // scripts of a page that is being left, or the server is away
const own = new Map([[ownName, finals.get(ownName)]]);

drawFinalCurves(
  { finals: own, attempt: test.attempt, hasEnded: true },
  { state: { operatingPoint: null, finals: own } },
  (work) => work().catch(unloaded),
);
drawResults(find("results"), find("splits"), finals, labels);
if ([...finals.values()].some(({ by_patient: found }) => found))
  import("../../realtime/run/patients/patient_switch.js")
    .then(({ drawSwitch }) => drawSwitch(find("counting"), finals, labels))
    .catch(unloaded);
drawPoints(test.links, own);
if (find("subgroups"))
  import("../../realtime/run/subgroups/section.js")
    .then(({ drawSubgroups }) => drawSubgroups({ finals: own, attempt: test.attempt, saved: null }))
    .catch(unloaded);

find("delete-test")?.addEventListener("click", async (event) => {
  const question = "Delete this external test with its predictions? That these data were looked at stays counted.";
  if (!window.confirm(question)) return;
  const { address, list } = find("external-head").dataset;
  event.target.disabled = true;
  try {
    await call(address, { method: "DELETE" });
    window.location.assign(list);
  } catch (error) {
    event.target.disabled = false;
    setText(find("delete-problem"), errorText(error));
    find("delete-problem").hidden = false;
  }
});
