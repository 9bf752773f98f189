// Bundles the page's scripts: node pack.mjs <out folder>, the runtime's file names as JSON on standard input.
// In the order of their use, since each one's name is baked into the next; prints the last one's.

import { build } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

const out = process.argv[2];
const runtime = JSON.parse(readFileSync(0, "utf8"));
const define = {};

async function pack(script, name = "[name].[hash]", format = "esm") {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, `${script}.mjs`)],
    outdir: out,
    entryNames: name,
    outExtension: { ".js": format === "esm" ? ".mjs" : ".js" },
    bundle: true,
    minify: true,
    metafile: true,
    format,
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    external: ["./charts.*", "./table.*"], // downloads of their own, made when a page needs them
    define,
  });
  return `./${basename(Object.keys(metafile.outputs)[0])}`;
}

define.CHARTS = JSON.stringify(await pack("charts"));
define.TABLE = JSON.stringify(await pack("table"));
define.RUNTIME = JSON.stringify({ ...runtime, worker: await pack("worker") });
const script = (await pack("runtime")).slice(2);
// Browsers look for a new service worker at the old one's address: it alone has a fixed name.
const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const names = files.map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
define.FILES = JSON.stringify(names.sort());
await pack("offline", "offline", "iife");
console.log(script);
