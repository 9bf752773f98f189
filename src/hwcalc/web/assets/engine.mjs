// Python in a module worker. Starting it can fail without a word (Pyodide's promise stays open when
// its WebAssembly file is missing, of a wrong type, corrupt or forbidden), so the worker watches its
// own downloads and this side keeps the time.

const PATIENCE = 90_000;

export class Engine {
  live = false;
  #worker;
  #asked = new Map(); // id → form
  #next = 1;
  #tell;
  #timer;

  constructor(tell, library = RUNTIME.library) {
    this.#tell = tell;
    this.#start(library);
  }

  ask(calculator, inputs, form) {
    const id = this.#next++;
    this.#asked.set(id, form);
    this.#worker.postMessage({ id, calculator, inputs: JSON.stringify(inputs) });
    return id;
  }

  #start(library) {
    this.live = false;
    this.#timer = setTimeout(() => this.#fail("Python took too long to start."), PATIENCE);
    this.#worker = new Worker(new URL(RUNTIME.worker, import.meta.url), { type: "module" });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail("Python could not be started.", event.message);
    };
    this.#worker.onmessage = ({ data }) => this.#heard(data, library);
    this.#worker.postMessage({ ...RUNTIME, library, base: import.meta.url });
  }

  #heard({ ready, failed, id, answer, bug }, library) {
    if (ready) {
      clearTimeout(this.#timer);
      this.live = true;
      this.#tell.ready();
    } else if (failed) {
      this.#fail("Python could not be loaded.", failed);
    } else if (bug?.includes("ModuleNotFoundError") && library !== RUNTIME.everything) {
      // The slim standard library lacks a module: the full one has it. Ask again there.
      this.#worker.terminate();
      const open = [...this.#asked.values()];
      this.#asked.clear();
      this.#start(RUNTIME.everything);
      for (const form of open) this.#tell.again(form);
    } else {
      const form = this.#asked.get(id);
      this.#asked.delete(id);
      this.#tell.answered(form, id, { answer, bug });
    }
  }

  #fail(message, detail = "") {
    clearTimeout(this.#timer);
    this.#worker.terminate();
    console.warn(`hwcalc: ${message} ${detail}`);
    this.#tell.failed(message);
  }
}
