// Times every calculator in the browser's Python, in Node: node calculators.mjs BUNDLE RUNS
// prints {"calculator": [milliseconds of each answer after the first two], …}.
import { started } from "../web/started.mjs";

const [bundle, runs] = process.argv.slice(2);
const python = await started(bundle);
const calculators = python.pyimport("hwcalc.calculator");
const times = {};
for (const id of calculators.ids().toJs()) {
  times[id] = [];
  for (let run = -2; run < Number(runs); run++) {
    const start = performance.now();
    calculators.answer_json(id, "{}");
    if (run >= 0) times[id].push(performance.now() - start);
  }
}
console.log(JSON.stringify(times));
