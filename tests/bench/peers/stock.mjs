// The worker everybody writes: Pyodide's files as npm has them, a package as a plain wheel.
// It speaks as hwcalc's own worker does, so the same page can be measured with either.

import { loadPyodide } from "./pyodide/pyodide.mjs";

let answer = null;
const early = [];

self.onmessage = ({ data }) => {
  if (answer) reply(data);
  else if (!data.worker) early.push(data);
};

function reply({ id, calculator, inputs }) {
  self.postMessage({ id, answer: answer(calculator, inputs) });
}

// The option fetches the package while the interpreter starts: faster than loadPackage() afterwards.
const python = await loadPyodide({ packages: [new URL("WHEEL", import.meta.url).href] });
answer = python.pyimport("hwcalc.calculator").answer_json;
self.postMessage({ ready: true });
for (const question of early) reply(question);
