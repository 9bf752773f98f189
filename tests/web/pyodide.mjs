// Runs pytest under Pyodide in Node: node pyodide.mjs PYODIDE PROJECT PACKAGES ARGUMENT…
// The folders are mounted, not copied: what is tested is the checkout.
import { pathToFileURL } from "node:url";

const [pyodide, project, packages, ...given] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide();
for (const [at, root] of [["/project", project], ["/packages", packages]]) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, at);
}
const run = python.runPython(`
import os, sys
os.chdir("/project")
# The host's Python shares the folders, but not the format of compiled files.
sys.dont_write_bytecode = True
sys.path[:0] = ["/project/src", "/packages"]
import pytest
lambda arguments: int(pytest.main(list(arguments)))
`);
process.exit(run(given));
