// Runs Python. First message: what to load; every further one: a question for one calculator.

let answer = null;
const early = [];

self.onmessage = ({ data }) => {
  if (data.worker) boot(data);
  else if (answer) reply(data);
  else early.push(data);
};

// Whatever Pyodide leaves unhandled has reached `troubles` first.
self.addEventListener("unhandledrejection", (event) => event.preventDefault());

async function boot({ base, pyodide, wasm, library, wheel, lock }) {
  const at = (path) => new URL(path, base).href;
  try {
    const python = await Promise.race([troubles(at(wasm)), start()]);
    const module = python.pyimport("hwcalc.calculator");
    answer = module.answer_json;
    self.postMessage({ ready: true });
    for (const question of early.splice(0)) reply(question);
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }

  async function start() {
    const { loadPyodide } = await import(at(pyodide));
    return loadPyodide({
      indexURL: new URL(".", at(pyodide)).href,
      stdLibURL: at(library),
      lockFileContents: lock,
      packageBaseUrl: new URL(".", at(wheel)).href,
      packages: ["hwcalc"],
    });
  }
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

function reply({ id, calculator, inputs }) {
  try {
    self.postMessage({ id, answer: answer(calculator, inputs) });
  } catch (error) {
    self.postMessage({ id, bug: String(error.message ?? error) });
  }
}
