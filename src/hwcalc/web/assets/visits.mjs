// Later visits: registers the service worker, tells it what to keep, or takes it away.

// Named by a page of the published site; empty while a site is being written (`mkdocs serve`), which
// must not meet what a published one at the same address has left; absent on the page for missing ones.
const PLACE = document.querySelector('meta[name="hwcalc-offline"]')?.content;

// The build this script belongs to; instant navigation may bring a page of a later one.
const BUILD = document.querySelector('meta[name="hwcalc-build"]')?.content;

// True when the page now shown was built for other scripts: it needs its own, so it is loaded anew.
export function outdated() {
  const now = document.querySelector('meta[name="hwcalc-build"]')?.content;
  if (now === undefined || now === BUILD) return false;
  location.reload();
  return true;
}

export async function startVisits() {
  const workers = navigator.serviceWorker; // absent without https
  if (!workers || PLACE === undefined) return;
  if (PLACE && new URL(location.href).searchParams.get("sw") !== "off") {
    await workers.register(new URL(PLACE, import.meta.url)).catch((error) => console.info(`hwcalc: ${error}`));
    keep([location.href, ...fetched()]);
  } else {
    const root = new URL("../../", import.meta.url).href;
    for (const each of await workers.getRegistrations()) if (each.scope === root) await each.unregister();
    await caches.delete("hwcalc");
  }
}

// Once Python is there: the files it came from, and what the page has fetched meanwhile.
export function keepRuntime() {
  const { worker, pyodide, asm, wasm, library, wheel } = RUNTIME;
  const files = [worker, pyodide, asm, wasm, library, wheel].map((name) => new URL(name, import.meta.url).href);
  keep([...files, ...fetched()]);
}

function fetched() {
  return performance.getEntriesByType("resource").map((entry) => entry.name);
}

async function keep(addresses) {
  const registration = await navigator.serviceWorker?.getRegistration();
  if (!registration) return;
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ keep: addresses });
}
