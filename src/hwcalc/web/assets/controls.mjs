// Sliders and fields of a form, kept in step. A field holds the value, in the control's unit, as text;
// a slider holds a position: the value itself, or its binary logarithm.

export function fromSlider(slider) {
  const { scale, low, high, whole } = slider.dataset;
  const position = Number(slider.value);
  let value;
  if (scale === "linear") {
    const step = Number(slider.step);
    value = Number((Math.round(position / step) * step).toPrecision(12));
  } else value = Number((2 ** position).toPrecision(3));
  if (whole !== undefined) value = Math.round(value);
  // The ends are exact, whatever rounding made of them; the last stop is the end, also where the step
  // does not divide the range.
  const last = scale === "log2" ? 0 : Number(slider.step) - 1e-6;
  if (position <= Number(slider.min)) value = Number(low);
  if (position + last >= Number(slider.max)) value = Number(high);
  value = Math.min(Math.max(value, Number(low)), Number(high));
  say(slider, value);
  return String(value);
}

export function toSlider(form, name) {
  const slider = form.querySelector(`input[type=range][data-for="${name}"]`);
  if (!slider) return;
  const value = Number(form.elements[name].value);
  if (!Number.isFinite(value)) return;
  slider.value = slider.dataset.scale === "linear" ? value : Math.log2(value);
  say(slider, value);
}

function say(slider, value) {
  const unit = slider.closest(".hwcalc-row").querySelector(".hwcalc-unit")?.textContent ?? "";
  slider.setAttribute("aria-valuetext", `${value} ${unit}`.trim());
  // The mark in the curve below.
  const mark = slider.parentElement.querySelector(".hwcalc-curve line");
  const at = slider.dataset.scale === "linear" ? (x) => x : Math.log2;
  const [low, high] = [Number(slider.dataset.low), Number(slider.dataset.high)];
  // A typed value may lie outside; of one below nought there is no logarithm.
  const inside = Math.min(Math.max(value, low), high);
  const share = (100 * (at(inside) - at(low))) / (at(high) - at(low));
  for (const end of ["x1", "x2"]) mark?.setAttribute(end, share.toFixed(2));
}

// Options that do not match leave the list (hiding them does not work in every browser).
export function filterOptions(form, search) {
  const select = form.elements[search.dataset.search];
  select.hwcalcAll ??= [...select.options].map((option) => [option, option.parentElement]);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = select.value;
  for (const [option] of select.hwcalcAll) option.remove();
  for (const [option, parent] of select.hwcalcAll) {
    const text = `${option.textContent} ${parent.label ?? ""}`.toLowerCase();
    if (option.value === chosen || words.every((word) => text.includes(word))) parent.append(option);
  }
  for (const group of select.querySelectorAll("optgroup")) group.hidden = !group.children.length;
  select.value = chosen;
}
