// The state of a calculator in the address: ?ID.name=value&…, all its controls once one has moved,
// so that a link keeps its meaning when an article's starting values change.

import { toSlider } from "./controls.mjs";

// As Python reads a switch.
const SPELLED = { true: true, on: true, yes: true, 1: true, false: false, off: false, no: false, 0: false };

export function readAddress(form, address = location.href) {
  const prefix = `${form.dataset.calculator}.`;
  const result = { changed: false, foreign: {}, unknown: [] };
  for (const [key, value] of new URL(address).searchParams) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const control = form.querySelector(`[name="${CSS.escape(name)}"]:not(output)`);
    if (!control) {
      result.unknown.push(name);
      continue;
    }
    // What the control cannot hold goes to Python as it is, which will say what is wrong with it.
    if (control.type === "checkbox")
      if (Object.hasOwn(SPELLED, value.toLowerCase())) control.checked = SPELLED[value.toLowerCase()];
      else result.foreign[name] = value;
    else if (control.tagName === "SELECT" && ![...control.options].some((o) => o.value === value))
      result.foreign[name] = value;
    else control.value = value;
    toSlider(form, name);
    result.changed = true;
  }
  return result;
}

function withState(form, values, always) {
  const url = new URL(location.href);
  const prefix = `${form.dataset.calculator}.`;
  const defaults = JSON.parse(form.dataset.defaults);
  for (const key of [...url.searchParams.keys()]) if (key.startsWith(prefix)) url.searchParams.delete(key);
  const moved = Object.entries(values).some(([name, value]) => String(defaults[name]) !== String(value));
  if (moved || always)
    for (const [name, value] of Object.entries(values)) url.searchParams.set(prefix + name, value);
  return url;
}

export function stateAddress(form, values) {
  const url = withState(form, values, true);
  url.hash = form.id;
  return url.href;
}

let timer;
const waiting = new Map();

// Browsers refuse more than some hundred changes of the address in half a minute: a drag makes one.
export function writeAddress(form, values) {
  waiting.set(form, values);
  clearTimeout(timer);
  timer = setTimeout(write, 120);
}

function write() {
  for (const [form, values] of waiting)
    if (form.isConnected) history.replaceState(history.state, "", withState(form, values, false));
  waiting.clear();
}

// Instant navigation changes the address long before the page: what waits belongs to the page left.
addEventListener("click", write, true);
addEventListener("popstate", () => waiting.clear());
