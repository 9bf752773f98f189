// Answers before Python is there: one control moved alone is looked up in the sweeps computed when the
// page was made (sweeps.py). They are exact at certain places of a slider, so a slider stands at one of
// these until Python lives; whatever else is moved waits. No number is shown that Python would not show.

import { toSlider } from "./controls.mjs";
import { announce, showAhead, showWaiting } from "./results.mjs";

const coming = new WeakMap(); // form → promise of its sweeps, or of null where there are none
const there = new WeakMap(); // form → its sweeps

export function fetchSweeps(form) {
  if (!coming.has(form)) coming.set(form, download(form).catch(() => null)); // the page answers later, that is all
  return coming.get(form);
}

async function download(form) {
  if (!form.dataset.sweeps) return null;
  const response = await fetch(new URL(`sweeps/${form.dataset.sweeps}`, import.meta.url));
  if (!response.ok) return null;
  there.set(form, await response.json());
  return there.get(form);
}

// `slider`: the one that was moved just now, if any, and so may be set to a place with an answer.
export function answerAhead(form, inputs, slider) {
  const sweeps = there.get(form);
  const defaults = JSON.parse(form.dataset.defaults);
  const moved = Object.keys(inputs).filter((name) => !same(inputs[name], defaults[name]));
  if (moved.length > 1 || (moved.length && !sweeps)) return showWaiting(form);
  if (!moved.length) {
    for (const each of form.querySelectorAll("[data-place]")) delete each.dataset.place;
    if (sweeps) show(form, sweeps, sweeps.start, spoken(sweeps, defaults), false);
    return;
  }
  const [name] = moved;
  const { values = [], spoken: words, changed } = sweeps.controls[name] ?? {};
  const place = slider?.dataset.for === name
    ? nearest(form, slider, values)
    : values.findIndex((value) => same(inputs[name], value));
  if (place < 0) return showWaiting(form);
  const told = { ...sweeps.start };
  for (const [result, column] of Object.entries(changed)) told[result] = column[place];
  show(form, sweeps, told, { ...spoken(sweeps, defaults), [name]: words[place] }, true);
}

function show(form, sweeps, told, words, moved) {
  showAhead(form, told, words, moved);
  if (!moved) return;
  const said = Object.entries(told).map(([name, [text]]) => ({
    kind: "quantity",
    label: form.querySelector(`output[name="${name}"]`).parentElement.querySelector(".hwcalc-label").textContent,
    text,
  }));
  announce(form, { results: said });
}

function spoken(sweeps, defaults) {
  const words = {};
  for (const [name, { values, spoken }] of Object.entries(sweeps.controls)) {
    const place = values.findIndex((value) => same(value, defaults[name]));
    if (place >= 0) words[name] = spoken[place];
  }
  return words;
}

function same(given, value) {
  if (typeof value === "number") return String(given).trim() !== "" && Number(given) === value;
  return given === value;
}

let dragging = false;
for (const kind of ["pointerdown", "pointerup", "pointercancel"])
  document.addEventListener(kind, () => (dragging = kind === "pointerdown"), true);

// Puts the slider to the nearest place with an answer; an arrow key goes to the next one at least.
function nearest(form, slider, values) {
  if (!values.length) return -1;
  const at = (value) => (slider.dataset.scale === "linear" ? value : Math.log2(value));
  const position = Number(slider.value);
  const distances = values.map((value) => Math.abs(at(value) - position));
  let place = distances.indexOf(Math.min(...distances));
  const before = Number(slider.dataset.place ?? values.indexOf(JSON.parse(form.dataset.defaults)[slider.dataset.for]));
  const way = Math.sign(position - at(values[place]));
  if (!dragging && place === before && values[place + way] !== undefined) place += way;
  slider.dataset.place = place;
  const field = form.elements[slider.dataset.for];
  field.value = String(values[place]);
  toSlider(form, field.name);
  return place;
}
