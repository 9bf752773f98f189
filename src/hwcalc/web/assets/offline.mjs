// The service worker: a second visit downloads no Python, and an article once read is there offline.
// A library for such workers (Workbox was looked at) brings ten times these lines for two rules:
//   a name that carries a hash never changes its meaning: the copy kept here is as good as the server's;
//   everything else is asked of the server first, and the copy serves when there is none.
// So a page always comes with the files it names, and two versions of the site never mix.
// Where it is put decides what it sees: the root of the site. ?sw=off switches it off (runtime.mjs).

const NAME = "hwcalc";
const ROOT = new URL("./", self.location).href;
// Our own files below assets/hwcalc/, and the theme's.
const HASHED = /^assets\/hwcalc\/|\.[0-9a-f]{8}\.min\.(js|css)$/;

self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), tidy()])));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(ROOT) || request.headers.has("range")) return;
  event.respondWith(HASHED.test(path(request.url)) ? hashed(request) : fresh(request));
});

// What a page had fetched before this worker was there; `done` tells it that all is kept.
self.addEventListener("message", ({ data, ports }) => {
  const kept = Promise.all(data.keep.filter((url) => url.startsWith(ROOT)).map(keep));
  kept.finally(() => ports[0]?.postMessage("done"));
});

function path(url) {
  return new URL(url).href.slice(ROOT.length).replace(/[?#].*$/, "");
}

// Controls are set by what follows the question mark: it is one page for all of them.
function key(url) {
  const address = new URL(url);
  address.hash = "";
  if (/(^|\/|\.html)$/.test(path(url))) address.search = "";
  return address.href;
}

async function hashed(request) {
  const cache = await caches.open(NAME);
  // A reader who tries again after a failure wants the server's copy: this one may be damaged.
  if (["no-cache", "reload", "no-store"].includes(request.cache)) await cache.delete(key(request.url));
  return (await cache.match(key(request.url))) ?? store(cache, request);
}

async function fresh(request) {
  const cache = await caches.open(NAME);
  try {
    return await store(cache, request);
  } catch (error) {
    const kept = await cache.match(key(request.url));
    if (kept) return kept;
    throw error;
  }
}

async function store(cache, request) {
  const response = await fetch(request);
  // A redirected answer must not serve a navigation later; of a part or a failure nothing is kept.
  if (response.status === 200 && !response.redirected && response.type === "basic")
    // No room for it: the next visit asks again.
    cache.put(key(request.url), response.clone()).catch(() => {});
  return response;
}

async function keep(url) {
  const cache = await caches.open(NAME);
  if (await cache.match(key(url))) return;
  // The browser's own cache has it: nothing is downloaded twice.
  const response = await fetch(url, { cache: "force-cache" }).catch(() => null);
  if (response?.status === 200 && !response.redirected) await cache.put(key(url), response).catch(() => {});
}

// A new version of the site has come, and no page of the old one is open: what only that one needed
// goes, and kept pages are fetched again, for they name files of the old one.
async function tidy() {
  const cache = await caches.open(NAME);
  const current = new Set(FILES.map((name) => new URL(`assets/hwcalc/${name}`, ROOT).href));
  let outdated = false;
  for (const { url } of await cache.keys())
    if (path(url).startsWith("assets/hwcalc/") && !current.has(url)) {
      outdated = true;
      await cache.delete(url);
    }
  if (!outdated) return;
  for (const { url } of await cache.keys()) {
    if (HASHED.test(path(url))) continue;
    const response = await fetch(url, { cache: "no-cache" }).catch(() => null);
    if (response?.status === 200 && !response.redirected) await cache.put(url, response);
    else await cache.delete(url);
  }
}
