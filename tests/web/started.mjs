// Python as the page starts it, in Node: a bundle's slim library and its package.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { unpack } from "../../src/hwcalc/web/assets/unpack.mjs";

export const find = (folder, start) => join(folder, readdirSync(folder).find((name) => name.startsWith(start)));

export async function started(bundle) {
  const pyodide = find(bundle, "pyodide-");
  const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
  const wheel = new Uint8Array(gunzipSync(readFileSync(find(bundle, "hwcalc."))));
  const aside = mkdtempSync(join(tmpdir(), "hwcalc-"));
  const library = join(aside, "stdlib.zip");
  writeFileSync(library, gunzipSync(readFileSync(find(bundle, "stdlib."))));
  const python = await loadPyodide({
    indexURL: pyodide,
    stdLibURL: pathToFileURL(library).href,
    lockFileContents: {
      info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" },
      packages: {},
    },
    fsInit: (FS, { sitePackages }) => unpack(FS, sitePackages, wheel.slice().buffer),
    stdout: () => {},
    stderr: () => {},
  });
  rmSync(aside, { recursive: true });
  return python;
}
