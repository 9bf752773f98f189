// Reads [{"latex": …, "block": …}, …] and writes [{"mathml": …} or {"error": …}, …].
import { readFileSync } from "node:fs";
import temml from "temml";

const convert = ({ latex, block }) => {
  try {
    return { mathml: temml.renderToString(latex, { displayMode: block, throwOnError: true }) };
  } catch (error) {
    // The message repeats the formula with combining underlines; the caller shows the formula itself.
    return { error: error.message.split(/ at (?:position \d+|end of input):/)[0].trim() };
  }
};

const formulas = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(formulas.map(convert)));
