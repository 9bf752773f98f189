// Makes what the browser's Python needs, in Node, with the very Pyodide that will run it:
//   node compile.mjs <pyodide folder> <wheel> <out folder> <library cache folder>
// writes out/stdlib.gz (only the modules our wheel uses, byte-compiled), out/hwcalc.gz (the wheel, byte-compiled),
// out/stdlib-full.gz and out/lock.json, the list of packages that Pyodide can load: none.
// Every byte follows from the inputs: fixed dates, hash-based bytecode, sorted names.
// The stock library is source, which every reader's browser would compile again on every visit.
// The archives store their files and are compressed as a whole: smaller, and no import inflates anything.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { unpack } from "./unpack.mjs";

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
const quiet = {
  stdout: () => {},
  stderr: () => {},
  indexURL: pyodide,
  // Tracebacks keep their lines, without the columns: these were a quarter of the library.
  env: { PYTHONNODEBUGRANGES: "1" },
};

const COMPILE = `
import ast, importlib._bootstrap_external as external, importlib.util, io, zipfile

# Nobody reads a docstring in the page but a calculator's first line, its question. A class keeps its
# first line, too: a dataclass without a docstring inspects its signature at each start to write one.
def undocumented(source, question):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text and (isinstance(node, ast.ClassDef) or (question and node is tree)):
                node.body[0].value.value = text.splitlines()[0]
            elif text:
                node.body[0].value.value = ""
    return tree

def repack(data, origin, keep=lambda name: True):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            if name.endswith("/") or not keep(name):
                continue
            body = old.read(name)
            if name.endswith(".py"):
                ours = name.startswith("hwcalc/")
                code = undocumented(body, question="/calculators/" in name) if ours else body
                code = compile(code, origin + name, "exec", dont_inherit=True, optimize=1 if ours else 2)
                body = external._code_to_hash_pyc(code, importlib.util.source_hash(body), False)
                name += "c"
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            new.writestr(entry, bytes(body))
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

function gzipped(bytes) {
  const made = gzipSync(bytes, { level: 9 });
  made[9] = 255; // the field for the system that made it
  return made;
}

// 1. The whole standard library, once per Pyodide: docstrings dropped, nothing of ours reads them.
const recipe = createHash("sha256").update(COMPILE + JSON.stringify(quiet.env)).digest("hex").slice(0, 8);
const full = join(cache, `python_stdlib-${version}-${recipe}.zip`);
if (!existsSync(full) || !existsSync(`${full}.gz`)) {
  console.error("Compiling Python's standard library for the browser (once per Pyodide version) …");
  const python = await loadPyodide(quiet);
  const bytes = repack(python, readFileSync(join(pyodide, "python_stdlib.zip")), "/lib/python314.zip/");
  for (const [name, body] of [[`${full}.gz`, gzipped(bytes)], [full, bytes]]) {
    writeFileSync(`${name}.${process.pid}`, body);
    renameSync(`${name}.${process.pid}`, name);
  }
}

// 2. The wheel.
const python = await loadPyodide({ ...quiet, stdLibURL: pathToFileURL(full).href });
const compiled = repack(python, readFileSync(wheel), "/hwcalc/");
writeFileSync(join(out, "hwcalc.gz"), gzipped(compiled));

// 3. What it needs of the library: start as the page does, run every calculator, make every kind of
// mistake, and look which files were opened.
const lock = { info, packages: {} };
const trial = await loadPyodide({
  ...quiet,
  stdLibURL: pathToFileURL(full).href,
  lockFileContents: lock,
  packageBaseUrl: `${out}/`, // a path: Pyodide in Node would make a folder named after a file: URL
  fsInit: (FS, { sitePackages }) => unpack(FS, sitePackages, compiled.slice().buffer),
});
const used = trial.runPython(`
import json, sys, traceback
from hwcalc import calculator

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
writeFileSync(join(out, "stdlib.gz"), gzipped(repack(python, readFileSync(full), "", keep)));
copyFileSync(`${full}.gz`, join(out, "stdlib-full.gz"));
writeFileSync(join(out, "lock.json"), JSON.stringify(lock));
