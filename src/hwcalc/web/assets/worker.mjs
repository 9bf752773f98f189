// Runs Python. First message: what to load; every further one: a question for one calculator.

import { unpack } from "./unpack.mjs";

const SLICE = 0.008; // [s] of work after which a newer question is heard; a screen shows 60 answers a second

let slices = null; // Python's, once it is there
const early = [];
const running = new Map(); // calculator → the steps of its newest question

self.onmessage = ({ data }) => {
  if (data.worker) boot(data);
  else if (slices) reply(data);
  else early.push(data);
};

// Whatever Pyodide leaves unhandled has reached `troubles` first.
self.addEventListener("unhandledrejection", (event) => event.preventDefault());

async function boot({ base, pyodide, asm, wasm, library, wheel, lock, integrity }) {
  const at = (path) => new URL(path, base).href;
  try {
    const python = await Promise.race([troubles(at(wasm)), start()]);
    slices = python.pyimport("hwcalc.calculator").answer_slices;
    self.postMessage({ ready: true });
    for (const question of early.splice(0)) reply(question);
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }

  // Asks for all files at once, where Pyodide would for some after it has others; each comes once.
  async function start() {
    const code = fetch(at(wasm));
    const [modules, own] = [library, wheel].map((path) => gunzipped(fetch(at(path), { integrity: integrity[path] })));
    ahead(new Map([[at(wasm), code], [at(library), modules.then((bytes) => new Response(bytes))]]));
    import(at(asm)).catch(() => {}); // Pyodide imports it again and meets the same failure
    const { loadPyodide } = await import(at(pyodide));
    const starting = loadPyodide({
      indexURL: new URL(".", at(pyodide)).href,
      stdLibURL: at(library),
      lockFileContents: lock,
      packageBaseUrl: base,
      fsInit: async (FS, { sitePackages }) => unpack(FS, sitePackages, await own),
    });
    // A damaged library would not end `starting`, which only mentions it in the console.
    const [python] = await Promise.all([starting, modules, own]);
    return python;
  }
}

async function gunzipped(asked) {
  const { body } = await asked;
  return new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// Gives Pyodide the answers that are under way, by address.
function ahead(answers) {
  const load = self.fetch;
  for (const answer of answers.values()) answer.catch(() => {}); // `troubles` and `start` tell
  self.fetch = (...given) => {
    const address = String(given[0]?.url ?? given[0]);
    const answer = answers.get(address);
    answers.delete(address);
    return answer ?? load(...given);
  };
}

// A promise that only ever fails: on any download that does, and on a WebAssembly file that does not
// compile. Pyodide itself would wait for ever.
function troubles(wasm) {
  return new Promise((_, reject) => {
    const load = self.fetch;
    self.fetch = async (...given) => {
      const address = given[0]?.url ?? String(given[0]);
      try {
        const response = await load(...given);
        const type = response.headers.get("content-type") ?? "";
        if (!response.ok) throw new Error(`${address} answered ${response.status}`);
        if (address === wasm && !type.startsWith("application/wasm"))
          throw new Error(`${address} came as ${type || "no type"}, not application/wasm`);
        return response;
      } catch (error) {
        reject(error);
        throw error;
      }
    };
    const compile = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = (...given) =>
      compile(...given).catch((error) => {
        reject(error);
        throw error;
      });
  });
}

// A newer question for a calculator ends the older one.
function reply({ id, calculator, inputs }) {
  running.get(calculator)?.destroy();
  const steps = slices(calculator, inputs, SLICE);
  running.set(calculator, steps);
  advance(id, calculator, steps);
}

function advance(id, calculator, steps) {
  if (running.get(calculator) !== steps) return;
  let slice;
  try {
    slice = steps.next();
  } catch (error) {
    slice = { done: true, bug: String(error.message ?? error) };
  }
  self.postMessage({ id, answer: slice.value, bug: slice.bug, partial: !slice.done });
  if (!slice.done) return void setTimeout(advance, 0, id, calculator, steps); // messages come first
  running.delete(calculator);
  steps.destroy();
}
