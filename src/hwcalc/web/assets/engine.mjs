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
  #over = false;

  // `again`: a try before this one has failed.
  constructor(tell, again) {
    this.#tell = tell;
    this.#start(RUNTIME.library, again);
  }

  ask(calculator, inputs, form) {
    const id = this.#next++;
    for (const [older, other] of this.#asked) if (other === form) this.#asked.delete(older);
    this.#asked.set(id, form);
    this.#worker.postMessage({ id, calculator, inputs: JSON.stringify(inputs) });
    return id;
  }

  async #start(library, again = false) {
    this.live = false;
    this.#timer = setTimeout(() => this.#fail("Python took too long to start."), PATIENCE);
    if (again) await renew();
    if (this.#over) return;
    this.#worker = new Worker(new URL(RUNTIME.worker, import.meta.url), { type: "module" });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail("Python could not be started.", event.message);
    };
    this.#worker.onmessage = ({ data }) => this.#heard(data, library);
    this.#worker.postMessage({ ...RUNTIME, library, base: import.meta.url });
  }

  #heard({ ready, failed, id, answer, bug, partial }, library) {
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
      if (!form) return; // a newer question has been asked since
      if (!partial) this.#asked.delete(id);
      this.#tell.answered(form, id, { answer, bug, partial });
    }
  }

  #fail(message, detail = "") {
    clearTimeout(this.#timer);
    this.#over = true;
    this.#worker?.terminate();
    console.warn(`hwcalc: ${message} ${detail}`);
    this.#tell.failed(message);
  }
}

// The browser keeps what it got, be it damaged: asks the server which of the files are others now.
function renew() {
  const { worker, pyodide, asm, wasm, library, wheel } = RUNTIME;
  const ask = async (path) => {
    const address = new URL(path, import.meta.url);
    let answer = await fetch(address, { cache: "no-cache" });
    // An answer that the file is unchanged leaves the type that the browser has noted.
    if (path === wasm && !answer.headers.get("content-type")?.startsWith("application/wasm"))
      answer = await fetch(address, { cache: "reload" });
    return answer.arrayBuffer();
  };
  return Promise.allSettled([worker, pyodide, asm, wasm, library, wheel].map(ask));
}
