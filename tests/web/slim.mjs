// Answers questions as the page's worker does, in Node, with a bundle's slim library and wheel:
// node slim.mjs BUNDLE, [[calculator, inputs as JSON], …] on standard input; prints the answers, or what
// Python says of a bug.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const bundle = process.argv[2];
const find = (folder, pattern) => join(folder, readdirSync(folder).find((name) => pattern.test(name)));
const pyodide = find(bundle, /^pyodide-/);
const runtime = readFileSync(find(bundle, /^runtime\..*\.mjs$/), "utf8");
const wheels = find(bundle, /^python-/);
const name = readdirSync(wheels)[0];
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const { createHash } = await import("node:crypto");
const sha256 = createHash("sha256").update(readFileSync(join(wheels, name))).digest("hex");
if (!runtime.includes(sha256)) throw new Error("the page's scripts name another wheel");
const python = await loadPyodide({
  indexURL: pyodide,
  stdLibURL: pathToFileURL(find(bundle, /^stdlib\..*\.zip$/)).href,
  lockFileContents: {
    info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" },
    packages: {
      hwcalc: {
        name: "hwcalc", version: name.split("-")[1], file_name: name, install_dir: "site", sha256,
        package_type: "package", imports: ["hwcalc"], depends: [], unvendored_tests: false,
      },
    },
  },
  packageBaseUrl: `${wheels}/`,
  packages: ["hwcalc"],
  stdout: () => {},
  stderr: () => {},
});
const { answer_json: answer } = python.pyimport("hwcalc.calculator");
const told = JSON.parse(readFileSync(0, "utf8")).map(([calculator, inputs]) => {
  try {
    return answer(calculator, inputs);
  } catch (error) {
    return `bug: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(told));
