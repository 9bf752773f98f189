// Results into the page: only text nodes and chart data that changed are touched.

const specs = new WeakMap(); // figure → the newest Vega-Lite specification
const drawn = new WeakMap(); // figure → the drawing made by charts.mjs
let charts = null; // the chart library, fetched when the first chart is about to change

export function showAnswer(form, { calculator, inputs, spoken, results }) {
  const untouched = JSON.stringify(inputs) === JSON.stringify(JSON.parse(form.dataset.defaults));
  const prose = `output.hwcalc-value[data-calculator="${calculator}"]`;
  const texts = { ...spoken };
  for (const result of results) {
    texts[result.name] = result.text;
    const output = form.querySelector(`output[name="${result.name}"]`);
    const figure = output.closest("figure");
    if (result.kind === "table") showTable(output, result);
    else setText(output, result.text);
    if (result.kind === "verdict") setFlag(output, result.value);
    if (result.kind === "quantity") showNote(form, result);
    if (result.kind === "image") figure.querySelector("img").src = result.source;
    if (result.kind === "chart") showChart(figure, result, untouched);
  }
  for (const output of document.querySelectorAll(prose))
    if (output.name in texts) setText(output, texts[output.name]);
  form.classList.remove("hwcalc-stale", "hwcalc-ahead", "hwcalc-waiting");
}

// Texts that were computed when the page was made; tables and charts wait for Python.
export function showAhead(form, told, spoken, moved) {
  const texts = { ...spoken };
  for (const [name, [text, more]] of Object.entries(told)) {
    const output = form.querySelector(`output[name="${name}"]`);
    texts[name] = text;
    setText(output, text);
    if (output.closest("[data-kind]").dataset.kind === "verdict") setFlag(output, more);
    else showNote(form, { name, note: more });
  }
  const prose = `output.hwcalc-value[data-calculator="${form.dataset.calculator}"]`;
  for (const output of document.querySelectorAll(prose))
    if (output.name in texts) setText(output, texts[output.name]);
  form.classList.remove("hwcalc-waiting");
  form.classList.toggle("hwcalc-ahead", moved);
}

// What is shown belongs to other values than the controls have.
export function showWaiting(form) {
  form.classList.add("hwcalc-waiting");
}

export function showError(form, { control, message }) {
  const place = control && form.querySelector(`[data-control="${CSS.escape(control)}"]`);
  const error = (place ?? form).querySelector(place ? ".hwcalc-error" : ".hwcalc-error-all");
  error.textContent = message;
  error.hidden = false;
  place?.querySelector("[name]").setAttribute("aria-invalid", "true");
  form.classList.add("hwcalc-stale");
}

export function clearErrors(form) {
  for (const error of form.querySelectorAll(".hwcalc-error:not([hidden])")) {
    error.hidden = true;
    error.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

export function showStatus(form, message, retry = false) {
  setText(form.querySelector(".hwcalc-status"), message);
  form.querySelector("[data-action=retry]").hidden = !retry;
}

// Screen readers hear the outcome once the reader pauses, not every step of a drag.
export function announce(form, { error, results }) {
  clearTimeout(form.hwcalcTimer);
  form.hwcalcTimer = setTimeout(() => {
    const said = (results ?? []).filter((r) => r.kind === "quantity" || r.kind === "verdict").slice(0, 3);
    const text = error ? error.message : said.map((r) => `${r.label}: ${r.text}`).join(". ");
    if (form.hwcalcSaid !== undefined || error) setText(form.querySelector(".hwcalc-announce"), text);
    form.hwcalcSaid = text;
  }, 700);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setFlag(output, good) {
  if (good === null) delete output.dataset.good;
  else output.dataset.good = String(good);
}

function showNote(form, { name, note, accuracy }) {
  const place = form.querySelector(`[data-note="${name}"]`);
  const text = [accuracy, note].filter(Boolean).join(" · ");
  place.hidden = !text;
  if (place.textContent === text) return;
  place.textContent = text;
  // An error leads to the page that shows how it was found, as in the page as built.
  const tag = form.dataset.accuracy && /^±.*?(?= · |$)/.exec(text)?.[0];
  if (!tag) return;
  const link = document.createElement("a");
  link.href = form.dataset.accuracy;
  link.textContent = tag;
  place.replaceChildren(link, text.slice(tag.length));
}

function showTable(output, { columns, numeric, cells, highlight }) {
  const row = (tag, values, index) => {
    const line = document.createElement("tr");
    line.classList.toggle("hwcalc-highlight", index === highlight && highlight !== null);
    for (const [i, value] of values.entries()) {
      const cell = document.createElement(tag);
      if (tag === "th") cell.scope = "col";
      if (numeric[i]) cell.className = "hwcalc-numeric";
      cell.textContent = value;
      line.append(cell);
    }
    return line;
  };
  output.querySelector("thead").replaceChildren(row("th", columns, -1));
  output.querySelector("tbody").replaceChildren(...cells.map((values, i) => row("td", values, i)));
}

function showChart(figure, { spec, series }, untouched) {
  specs.set(figure, spec);
  const legend = figure.querySelector(".hwcalc-legend");
  if ([...legend.children].map((item) => item.textContent).join("\n") !== series.join("\n"))
    legend.replaceChildren(...series.map((name, i) => {
      const item = document.createElement("li");
      item.textContent = name;
      item.style.setProperty("--hwcalc-colour", `var(--hwcalc-series-${(i % 8) + 1})`);
      return item;
    }));
  legend.hidden = !series.length;
  // The drawing in the page is already this one: it comes alive when somebody points at it.
  if (untouched && !drawn.has(figure))
    figure.addEventListener("pointerenter", () => draw(figure), { once: true });
  else draw(figure);
}

async function draw(figure) {
  charts ??= import(CHARTS);
  try {
    const { Drawing } = await charts;
    if (!drawn.has(figure)) drawn.set(figure, new Drawing(figure.querySelector(".hwcalc-picture")));
    await drawn.get(figure).show(() => specs.get(figure));
    figure.classList.remove("hwcalc-old");
  } catch (error) {
    // The numbers are right, the picture is old and looks it: the next change tries again.
    charts = null;
    figure.classList.add("hwcalc-old");
    console.error(error);
  }
}
