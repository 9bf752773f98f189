// Answers questions as the page's worker does, in Node, with a bundle's slim library and wheel:
// node slim.mjs BUNDLE, [[calculator, inputs as JSON], …] on standard input; prints the answers, or what
// Python says of a bug.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { find, started } from "./started.mjs";

const bundle = process.argv[2];
const sha256 = createHash("sha256").update(readFileSync(find(bundle, "hwcalc."))).digest("base64");
if (!readFileSync(find(bundle, "runtime."), "utf8").includes(`sha256-${sha256}`))
  throw new Error("the page's scripts name another wheel");
const python = await started(bundle);
const { answer_json: answer } = python.pyimport("hwcalc.calculator");
// All at once would fail: a pipe holds less than the questions.
let questions = "";
for await (const chunk of process.stdin.setEncoding("utf8")) questions += chunk;
const told = JSON.parse(questions).map(([calculator, inputs]) => {
  try {
    return answer(calculator, inputs);
  } catch (error) {
    return `bug: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(told));
