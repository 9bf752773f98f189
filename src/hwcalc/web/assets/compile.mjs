// Makes what the browser's Python needs, in Node, with the very Pyodide that will run it:
//   node compile.mjs <pyodide folder> <wheel> <out folder> <library cache folder>
// writes out/stdlib.zip (only the modules our wheel uses, byte-compiled), out/<wheel> (byte-compiled) and
// out/stdlib-full.zip. Every byte follows from the inputs: fixed dates, hash-based bytecode, sorted names.
// The stock library is source, which every reader's browser would compile again on every visit.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

// Node would print the line of code that threw, which in Pyodide's is a megabyte long.
process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(1);
});

const [pyodide, wheel, out, cache] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const version = JSON.parse(readFileSync(join(pyodide, "package.json"))).version;
const { info } = JSON.parse(readFileSync(join(pyodide, "pyodide-lock.json")));
mkdirSync(out, { recursive: true });
mkdirSync(cache, { recursive: true });
const quiet = { stdout: () => {}, stderr: () => {}, indexURL: pyodide };

const COMPILE = `
import importlib._bootstrap_external as external, importlib.util, io, zipfile

def repack(data, origin, keep=lambda name: True):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            if name.endswith("/") or not keep(name):
                continue
            body = old.read(name)
            if name.endswith(".py"):
                # Nobody reads a docstring in the page but a calculator's, whose first line is the question.
                level = 0 if "/calculators/" in name else 2
                code = compile(body, origin + name, "exec", dont_inherit=True, optimize=level)
                body = external._code_to_hash_pyc(code, importlib.util.source_hash(body), False)
                name += "c"
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            new.writestr(entry, bytes(body), compresslevel=9)
    return out.getvalue()
`;

function repack(python, data, origin, keep = null) {
  python.runPython(COMPILE);
  python.globals.set("data", new Uint8Array(data)); // Pyodide does not know Buffer
  python.globals.set("names", python.toPy(keep));
  const made = python.runPython(
    `repack(bytes(data.to_py()), ${JSON.stringify(origin)}, ` +
      `(lambda name: name in names) if names else (lambda name: True))`,
  );
  const bytes = made.toJs();
  made.destroy();
  return bytes;
}

// 1. The whole standard library, once per Pyodide: docstrings dropped, nothing of ours reads them.
const full = join(cache, `python_stdlib-${version}.zip`);
if (!existsSync(full)) {
  console.error("Compiling Python's standard library for the browser (once per Pyodide version) …");
  const python = await loadPyodide(quiet);
  const bytes = repack(python, readFileSync(join(pyodide, "python_stdlib.zip")), "/lib/python314.zip/");
  writeFileSync(`${full}.${process.pid}`, bytes);
  renameSync(`${full}.${process.pid}`, full);
}

// 2. The wheel.
const python = await loadPyodide({ ...quiet, stdLibURL: pathToFileURL(full).href });
const wheelName = basename(wheel).replace("py3-none-any", "cp314-none-any");
const compiled = repack(python, readFileSync(wheel), "/hwcalc/");
writeFileSync(join(out, wheelName), compiled);

// 3. What it needs of the library: install it as the page does, run every calculator, make every kind of
// mistake, and look which files were opened.
const lock = {
  info,
  packages: {
    hwcalc: {
      name: "hwcalc",
      version: wheelName.split("-")[1],
      file_name: wheelName,
      install_dir: "site",
      sha256: createHash("sha256").update(compiled).digest("hex"),
      package_type: "package",
      imports: ["hwcalc"],
      depends: [],
      unvendored_tests: false,
    },
  },
};
const trial = await loadPyodide({
  ...quiet,
  stdLibURL: pathToFileURL(full).href,
  lockFileContents: lock,
  packageBaseUrl: `${out}/`, // a path: Pyodide in Node would make a folder named after a file: URL
  packages: ["hwcalc"],
});
const used = trial.runPython(`
import json, sys, traceback, importlib.metadata
from hwcalc import calculator

importlib.metadata.version("hwcalc")
for name in calculator.ids():
    tool = calculator.load(name)
    json.loads(calculator.answer_json(name, "{}"))
    for control in tool.controls:
        calculator.answer_json(name, json.dumps({control: "?"}))
    calculator.answer_json(name, json.dumps({"no such control": 1}))
    for control, kind in tool.controls.items():
        ends = list(getattr(kind, "options", ()))[:2] or [getattr(kind, "low", False), getattr(kind, "high", True)]
        for value in ends:
            try:
                calculator.answer_json(name, json.dumps({control: value}))
            except Exception:
                traceback.format_exc()
calculator.answer_json("no such calculator", "{}")
try:
    calculator.answer_json("", "not json")
except Exception:
    traceback.format_exc()
prefix = "/lib/python314.zip/"
origins = {getattr(m.__spec__, "origin", None) or "" for m in list(sys.modules.values()) if getattr(m, "__spec__", None)}
json.dumps(sorted(o.removeprefix(prefix) for o in origins if o.startswith(prefix)))
`);
const keep = JSON.parse(used);
writeFileSync(join(out, "stdlib.zip"), repack(python, readFileSync(full), "", keep));
copyFileSync(full, join(out, "stdlib-full.zip"));
writeFileSync(join(out, "lock.json"), JSON.stringify(lock));
