// The page's side: reads controls, asks Python in a worker, patches what changed.
// One listener per kind of event on the document, so it survives Material's instant navigation;
// one worker for all calculators of a visit. The page contract is DESIGN 7's.

import { answerAhead, fetchSweeps } from "./ahead.mjs";
import { filterOptions, fromSlider, toSlider } from "./controls.mjs";
import { Engine } from "./engine.mjs";
import { readAddress, stateAddress, writeAddress } from "./address.mjs";
import { keepRuntime, outdated, startVisits } from "./visits.mjs";
import { showAnswer, showError, clearErrors, showStatus, announce } from "./results.mjs";

const state = new WeakMap(); // form → { newest, busy, id, foreign, notice }
const PLAYED = 8000; // [ms] from one end of a slider to the other
let engine = null;
let failures = 0;

// A screen before a calculator is in view, what answers its first move.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      if (!engine?.live) fetchSweeps(target);
    }
  },
  { rootMargin: "100%" },
);

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      ask(target);
    }
  },
  { rootMargin: "150px" },
);

function setUp() {
  if (outdated()) return;
  if (document.querySelector(".hw-catalogue")) import(TABLE).then((table) => table.setUp(), console.error);
  for (const form of document.querySelectorAll("form.hwcalc")) {
    if (state.has(form)) continue;
    state.set(form, { newest: null, busy: false, id: 0, foreign: {}, notice: "" });
    for (const hidden of form.querySelectorAll("[data-search], [data-action=reset], [data-action=link], [data-action=play]"))
      hidden.hidden = false;
    const { changed, foreign, unknown } = readAddress(form);
    state.get(form).foreign = foreign;
    if (unknown.length)
      state.get(form).notice = `The address names what this calculator does not have: ${unknown.join(", ")}.`;
    showStatus(form, state.get(form).notice);
    if (changed) ask(form);
    // A reader who asked the browser to save data starts Python by the first touch instead.
    else if (!navigator.connection?.saveData) {
      near.observe(form);
      seen.observe(form);
    }
  }
}

function inputs(form) {
  const found = {};
  for (const control of form.querySelectorAll("[name]:not(output)"))
    found[control.name] = control.type === "checkbox" ? control.checked : control.value;
  return { ...found, ...state.get(form).foreign };
}

// Remembers the newest question; it is sent as soon as Python is free, older ones never are.
function ask(form, slider = null) {
  if (!engine?.live) {
    answerAhead(form, inputs(form), slider);
    fetchSweeps(form).then((sweeps) => sweeps && tryAhead(form));
  }
  state.get(form).newest = inputs(form);
  engine ??= new Engine({ ready, answered, again, failed }, failures > 0);
  if (engine.live) return pump(form);
  if (form.dataset.state !== "live") form.dataset.state = "loading";
  showStatus(form, "Starting Python…");
}

// The sweeps have come, maybe after a move that they answer.
function tryAhead(form) {
  if (!engine?.live && form.isConnected) answerAhead(form, inputs(form), null);
}

function ready() {
  keepRuntime();
  for (const form of document.querySelectorAll("form.hwcalc")) if (state.has(form)) pump(form);
}

function pump(form) {
  const own = state.get(form);
  if (!engine?.live || own.busy || !own.newest) return;
  const question = own.newest;
  own.newest = null;
  own.busy = true;
  own.id = engine.ask(form.dataset.calculator, question, form);
}

// `partial`: of a calculator that takes long, what is known so far; a newer question may end it.
// Before the first whole answer the page shows one already, the build's or a sweep's.
function answered(form, id, { answer, bug, partial }) {
  const own = state.get(form);
  if (id !== own.id) return;
  own.busy = false;
  if (bug) {
    console.error(bug);
    form.dataset.state = "failed";
    showStatus(form, "This calculator failed for these values; the numbers shown are the last good ones.", true);
  } else if (!own.newest && !(partial && form.dataset.state !== "live")) {
    const parsed = JSON.parse(answer);
    form.dataset.state = "live";
    showStatus(form, own.notice);
    clearErrors(form);
    if (parsed.error) showError(form, parsed.error);
    else showAnswer(form, parsed);
    form.ariaBusy = String(partial);
    if (!partial) announce(form, parsed);
  }
  pump(form);
}

// Python starts over with the full standard library: what was asked is asked again.
function again(form) {
  const own = state.get(form);
  own.busy = false;
  own.newest ??= inputs(form);
}

function failed(message) {
  engine = null;
  failures++;
  for (const form of document.querySelectorAll("form.hwcalc")) {
    const own = state.get(form);
    if (!own || !(own.newest || own.busy)) continue;
    own.busy = false;
    own.newest ??= inputs(form);
    form.dataset.state = "failed";
    showStatus(form, `${message} The numbers shown are the last good ones.`, true);
  }
}

function moved(event) {
  const target = event.target;
  const form = target.closest?.("form.hwcalc");
  if (!form || !state.has(form)) return;
  if (target.dataset.search) return filterOptions(form, target);
  if (event.isTrusted) stopPlaying(form); // a hand takes over
  if (target.dataset.for) form.elements[target.dataset.for].value = fromSlider(target);
  else toSlider(form, target.name);
  delete state.get(form).foreign[target.dataset.for ?? target.name];
  state.get(form).notice = "";
  ask(form, target.dataset.for ? target : null);
  writeAddress(form, inputs(form));
}

async function pressed(event) {
  const button = event.target.closest?.("form.hwcalc button[data-action]");
  if (!button) return;
  const form = button.closest("form.hwcalc");
  if (button.dataset.action === "retry") return ask(form);
  if (button.dataset.action === "play") return play(form, button);
  if (button.dataset.action === "link") {
    const link = stateAddress(form, inputs(form));
    try {
      await navigator.clipboard.writeText(link);
      showStatus(form, "Link copied.");
    } catch {
      showStatus(form, link); // no clipboard without permission or https: show it to be copied
    }
    return;
  }
  restore(form);
  ask(form);
  writeAddress(form, inputs(form));
}

// Runs a slider from its low to its high end; from the beginning, if it stands at the end.
function play(form, button) {
  if (stopPlaying(form) === button) return;
  const slider = form.querySelector(`input[type=range][data-for="${button.dataset.moves}"]`);
  const stops = (slider.max - slider.min) / slider.step;
  const last = () => Number(slider.value) + Number(slider.step) > Number(slider.max);
  if (last()) slider.value = slider.min;
  button.textContent = "Stop";
  const timer = setInterval(() => {
    if (!form.isConnected) return clearInterval(timer);
    slider.stepUp();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    if (last()) stopPlaying(form);
  }, Math.max(60, PLAYED / stops));
  state.get(form).playing = { button, timer };
}

// Tells which button had started it.
function stopPlaying(form) {
  const { button, timer } = state.get(form).playing ?? {};
  clearInterval(timer);
  if (button) button.textContent = "Play";
  state.get(form).playing = null;
  return button;
}

function restore(form) {
  stopPlaying(form);
  Object.assign(state.get(form), { foreign: {}, notice: "" });
  for (const [name, value] of Object.entries(JSON.parse(form.dataset.defaults))) {
    const control = form.elements[name];
    if (control.type === "checkbox") control.checked = value;
    else control.value = value;
    toSlider(form, name);
  }
}

// An experiment in the text, a link like ?ID.name=value, moves the controls of its calculator in
// place: loading the page again would lose the reader's. It starts from the article's own values.
function followed(event) {
  const link = event.target.closest?.("a[href]"); // Material has made its address absolute
  if (!link?.search || link.origin !== location.origin || link.pathname !== location.pathname) return;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const names = [...new URL(link.href).searchParams.keys()];
  const forms = [...document.querySelectorAll("form.hwcalc")].filter(
    (form) => state.has(form) && names.some((name) => name.startsWith(`${form.dataset.calculator}.`)),
  );
  if (!forms.length) return;
  event.preventDefault();
  event.stopPropagation(); // or instant navigation follows the link as well
  for (const form of forms) {
    restore(form);
    state.get(form).foreign = readAddress(form, link.href).foreign;
    ask(form);
    writeAddress(form, inputs(form));
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  forms[0].scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

document.addEventListener("input", moved);
document.addEventListener("click", pressed);
document.addEventListener("click", followed, true);
document.addEventListener("submit", (event) => {
  if (event.target.matches?.("form.hwcalc")) event.preventDefault();
});
document.addEventListener("focusin", ({ target }) => {
  const form = target.closest?.("form.hwcalc[data-state=static]");
  if (form && state.has(form)) ask(form);
});

// Once everything the page itself needs has come.
if (document.readyState === "complete") startVisits();
else addEventListener("load", startVisits, { once: true });

// Material announces every page it shows, the first included.
if (window.document$) window.document$.subscribe(setUp);
else setUp();
