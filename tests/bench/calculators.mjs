// Times every calculator in the browser's Python, in Node: node calculators.mjs PYODIDE BUNDLE RUNS
// prints {"calculator": [milliseconds of each answer after the first two], …}.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, bundle, runs] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const library = readdirSync(bundle).find((name) => /^stdlib\.[0-9a-f]+\.zip$/.test(name));
const own = readdirSync(bundle).find((name) => name.startsWith("python-"));
const wheel = readdirSync(join(bundle, own))[0];
const python = await loadPyodide({ stdLibURL: join(bundle, library) });
python.unpackArchive(new Uint8Array(readFileSync(join(bundle, own, wheel))), "wheel");
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
