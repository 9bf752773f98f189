// Rates a page with Lighthouse on its mobile profile: node rate.mjs CHROME ADDRESS CATEGORY…
// prints {"scores": {category: 0…1}, "failed": {audit: title}}.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [chrome, address, ...categories] = process.argv.slice(2);
const flags = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await launch({ chromePath: chrome, chromeFlags: flags, logLevel: "silent" });
try {
  const { lhr } = await lighthouse(address, { port: browser.port, onlyCategories: categories, logLevel: "silent" });
  const rated = Object.values(lhr.categories);
  const counted = rated.flatMap(({ auditRefs }) => auditRefs.filter(({ weight }) => weight).map(({ id }) => id));
  const failed = counted.map((id) => lhr.audits[id]).filter(({ score }) => score !== null && score < 1);
  process.stdout.write(JSON.stringify({
    scores: Object.fromEntries(rated.map(({ id, score }) => [id, score])),
    failed: Object.fromEntries(failed.map(({ id, title, details }) =>
      [id, `${title} ${JSON.stringify(details?.items?.slice(0, 3) ?? "")}`.slice(0, 600)])),
  }));
} finally {
  browser.kill();
}
