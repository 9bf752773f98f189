// A chart that follows its data: the same specification that was drawn at build time, drawn by Vega
// with its expression interpreter (no eval). Only what the specifications use is bundled.

import { transforms } from "vega-dataflow";
import * as encode from "vega-encode";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { parse } from "vega-parser";
import * as basic from "vega-transforms";
import { View } from "vega-view";
import * as layout from "vega-view-transforms";

Object.assign(transforms, basic, layout, encode);

export class Drawing {
  #place;
  #view = null;
  #shape = null; // the specification without its data: the same shape takes new data without a rebuild
  #busy = false;
  #again = null;
  #tip;

  constructor(place) {
    this.#place = place;
    this.#tip = document.createElement("div");
    this.#tip.className = "hwcalc-tip";
    this.#tip.hidden = true;
    new ResizeObserver(() => this.#latest && this.show(this.#latest)).observe(place);
  }
  #latest = null;

  // `newest` is asked when drawing starts, so that a fast drag skips what nobody would see.
  async show(newest) {
    this.#latest = newest;
    if (this.#busy) return void (this.#again = newest);
    this.#busy = true;
    try {
      await this.#draw(newest());
    } finally {
      this.#busy = false;
    }
    if (this.#again) {
      const next = this.#again;
      this.#again = null;
      await this.show(next);
    }
  }

  async #draw(spec) {
    const width = Math.min(spec.width, this.#place.clientWidth);
    if (!width) return;
    const { datasets, ...rest } = { ...spec, width };
    const shape = JSON.stringify(rest);
    if (this.#view && shape === this.#shape) {
      for (const [name, rows] of Object.entries(datasets)) this.#view.data(name, structuredClone(rows));
      return void (await this.#view.runAsync());
    }
    const { spec: vega } = compile({ ...structuredClone(rest), datasets: structuredClone(datasets) });
    const holder = document.createElement("div");
    holder.className = "hwcalc-live";
    const view = new View(parse(vega, null, { ast: true }), {
      expr: expressionInterpreter,
      renderer: "svg",
      container: holder,
      hover: false,
      tooltip: (_, event, item, value) => this.#point(event, value),
    });
    await view.runAsync();
    // The old picture stays until the new one is complete: no flicker.
    this.#place.replaceChildren(holder, this.#tip);
    holder.querySelector("svg")?.setAttribute("aria-hidden", "true");
    this.#view?.finalize();
    this.#view = view;
    this.#shape = shape;
  }

  #point(event, value) {
    this.#tip.hidden = !value;
    if (!value) return;
    this.#tip.textContent = value;
    const box = this.#place.getBoundingClientRect();
    const left = event.clientX - box.left;
    this.#tip.style.left = `${Math.min(Math.max(left, 0), box.width)}px`;
    this.#tip.style.top = `${event.clientY - box.top}px`;
    this.#tip.classList.toggle("hwcalc-tip-left", left > box.width / 2);
  }
}
