// Bundles the page's scripts: node pack.mjs <out folder>, the runtime's file names as JSON on standard input.
// In the order of their use, since each one's name is baked into the next; prints the last one's.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

const out = process.argv[2];
const runtime = JSON.parse(readFileSync(0, "utf8"));
const define = {};

async function pack(script) {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, `${script}.mjs`)],
    outdir: out,
    entryNames: "[name].[hash]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    external: ["./charts.*"], // stays a download of its own, made when a chart is about to change
    define,
  });
  return `./${basename(Object.keys(metafile.outputs)[0])}`;
}

define.CHARTS = JSON.stringify(await pack("charts"));
define.RUNTIME = JSON.stringify({ ...runtime, worker: await pack("worker") });
console.log((await pack("runtime")).slice(2));
