// The catalogue's tables: sort, find, choose, compare; the address has their state, ?links.find=… say.
// Python wrote every value; data-v has it in base units, for sorting and for ratios.

const states = new WeakMap(); // element of a catalogue → what is chosen there
const cellsOf = (row) => [...row.cells].slice(1, -1); // without name and documents
const number = (cell) => (cell.dataset.v === undefined ? NaN : Number(cell.dataset.v));

export function setUp() {
  for (const catalogue of document.querySelectorAll(".hw-catalogue")) {
    if (states.has(catalogue)) continue;
    const table = catalogue.querySelector(".hw-grid");
    const rows = [...table.querySelectorAll("tr[id]")];
    const places = rows.map((row) => row.parentElement);
    states.set(catalogue, { table, rows, places, sort: "", find: "", only: "", chosen: [], compare: false });
    for (const row of rows) {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: row.id });
      box.autocomplete = "off";
      label.append(box, ...row.cells[0].childNodes);
      row.cells[0].append(label);
    }
    for (const head of table.tHead.querySelectorAll("[data-key]")) {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
    }
    catalogue.querySelector(".hw-tools-row").hidden = false;
    read(catalogue);
    show(catalogue);
  }
}

function read(catalogue) {
  const state = states.get(catalogue);
  const asked = (name) => new URL(location.href).searchParams.get(`${catalogue.dataset.catalogue}.${name}`) ?? "";
  const known = new Set(state.rows.map((row) => row.id));
  state.find = asked("find");
  state.sort = asked("sort");
  state.chosen = [...new Set(asked("chosen").split(" "))].filter((id) => known.has(id));
  state.compare = asked("compare") === "yes";
  const select = catalogue.querySelector("select");
  select.value = asked(select.name);
  if (select.selectedIndex < 0) select.value = "";
  state.only = select.value;
  catalogue.querySelector("[name=find]").value = state.find;
}

function show(catalogue) {
  const state = states.get(catalogue);
  const down = state.sort.startsWith("-");
  const heads = [...state.table.tHead.rows[0].cells];
  const column = heads.findIndex((head) => head.dataset.key && head.dataset.key === state.sort.slice(down));
  for (const [place, head] of heads.entries())
    if (place === column) head.ariaSort = down ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
  const order = column < 0 ? state.rows : sorted(state.rows, column, down);
  // Sorted rows stand together; in their own order they stand below their groups.
  for (const row of order) (column < 0 ? state.places[state.rows.indexOf(row)] : state.places[0]).append(row);

  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of state.rows) {
    const text = cellsOf(row).filter((cell) => cell.dataset.v === undefined).map((cell) => cell.textContent);
    const all = `${row.id} ${row.cells[0].textContent} ${text.join(" ")}`.toLowerCase();
    row.hidden = !words.every((word) => all.includes(word)) || (state.only !== "" && !text.includes(state.only));
    row.querySelector("input").checked = state.chosen.includes(row.id);
    row.classList.toggle("chosen", state.chosen.includes(row.id));
  }
  for (const group of state.table.querySelectorAll(".hw-group"))
    group.hidden = column >= 0 || ![...group.parentElement.rows].some((row) => row.id && !row.hidden);

  const shown = state.rows.filter((row) => !row.hidden).length;
  const { one, many } = catalogue.dataset;
  const chosen = state.chosen.length ? `, ${state.chosen.length} chosen` : "";
  say(catalogue, `${shown} of ${state.rows.length} ${shown === 1 ? one : many}${chosen}`);
  compare(catalogue);
}

function sorted(rows, column, down) {
  const numeric = rows.some((row) => row.cells[column].dataset.v !== undefined);
  const key = (row) => (numeric ? number(row.cells[column]) : row.cells[column].textContent);
  const missing = (row) => (numeric ? Number.isNaN(key(row)) : key(row) === "");
  const order = numeric ? (a, b) => key(a) - key(b) : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
  // What is not known comes last, whichever way the others go.
  return [...rows].sort((a, b) => missing(a) - missing(b) || (missing(a) ? 0 : down ? order(b, a) : order(a, b)));
}

function compare(catalogue) {
  const state = states.get(catalogue);
  const rows = state.chosen.map((id) => state.rows.find((row) => row.id === id));
  const button = catalogue.querySelector("[name=compare]");
  const open = state.compare && rows.length > 1;
  button.disabled = rows.length < 2;
  button.textContent = rows.length < 2 ? "Compare" : `Compare ${rows.length}`;
  button.ariaExpanded = String(open);
  const place = document.getElementById(button.getAttribute("aria-controls"));
  place.hidden = !open;
  place.replaceChildren();
  if (!open) return;
  const table = Object.assign(document.createElement("table"), { className: "hw-grid" });
  const head = table.createTHead().insertRow();
  head.append(cell("th", "", "col"), ...rows.map((row) => cell("th", row.cells[0].textContent, "col")));
  const body = table.createTBody();
  for (const [place, heading] of [...state.table.tHead.rows[0].cells].entries()) {
    const values = rows.map((row) => row.cells[place]);
    if (!heading.dataset.key || !values.some((value) => value.textContent)) continue;
    const line = body.insertRow();
    line.append(cell("th", heading.textContent, "row"));
    const first = number(values[0]);
    for (const [index, value] of values.entries()) {
      const copy = value.cloneNode(true);
      const ratio = number(value) / first;
      if (index && Number.isFinite(ratio)) copy.append(factor(ratio));
      line.append(copy);
    }
  }
  place.append(table);
}

function factor(ratio) {
  const digits = ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3);
  return Object.assign(document.createElement("small"), { textContent: ` ${digits}×` });
}

function cell(tag, text, scope) {
  return Object.assign(document.createElement(tag), { textContent: text, scope });
}

function say(catalogue, text) {
  const status = catalogue.querySelector("[role=status]");
  if (status.textContent !== text) status.textContent = text;
}

let timer;
const waiting = new Set();

// Browsers refuse to change the address many times in a row, as typing would.
function write(catalogue) {
  waiting.add(catalogue);
  clearTimeout(timer);
  timer = setTimeout(settle, 120);
}

function settle() {
  const url = new URL(location.href);
  for (const catalogue of [...waiting].filter((each) => each.isConnected)) {
    const { find, sort, only, chosen, compare } = states.get(catalogue);
    const kind = catalogue.querySelector("select").name;
    const told = { find, sort, [kind]: only, chosen: chosen.join(" "), compare: compare ? "yes" : "" };
    for (const [name, value] of Object.entries(told))
      if (value) url.searchParams.set(`${catalogue.dataset.catalogue}.${name}`, value);
      else url.searchParams.delete(`${catalogue.dataset.catalogue}.${name}`);
    history.replaceState(history.state, "", url);
  }
  waiting.clear();
}

function change(event, act) {
  const catalogue = event.target.closest?.(".hw-catalogue");
  const state = states.get(catalogue);
  if (!state || act(state, event.target) === false) return;
  show(catalogue);
  write(catalogue);
}

document.addEventListener("input", (event) => change(event, (state, { name, type, value, checked }) => {
  if (name === "find") state.find = value.trim();
  else if (type !== "checkbox") state.only = value;
  else state.chosen = checked ? [...state.chosen, value] : state.chosen.filter((id) => id !== value);
}));

document.addEventListener("click", (event) => change(event, (state, target) => {
  const key = target.closest("th[data-key]")?.dataset.key;
  if (key && target.closest("button")) {
    const numeric = "numeric" in target.closest("th").dataset;
    const cycle = numeric ? [`-${key}`, key, ""] : [key, `-${key}`, ""]; // large figures first
    state.sort = cycle[(cycle.indexOf(state.sort) + 1) % 3];
  } else if (target.name === "compare") state.compare = !state.compare;
  else if (target.name === "clear") {
    Object.assign(state, { sort: "", find: "", only: "", chosen: [], compare: false });
    for (const entry of target.parentElement.querySelectorAll("input, select")) entry.value = "";
  } else return false;
}));

// What is waiting belongs to the page that is left.
addEventListener("click", (event) => event.target.closest?.("a[href]") && settle(), true);
addEventListener("popstate", () => waiting.clear());

// A cell's documents, at the pointer; the last cell of each row has them all.
document.addEventListener("pointerover", ({ target }) => {
  const value = target.closest?.(".hw-catalogue tr[id] > td:not(:last-child)");
  if (!value?.textContent || value.title) return;
  const row = value.parentElement;
  const head = row.closest("table").tHead.rows[0].cells[value.cellIndex];
  const listed = [...row.querySelectorAll(".hw-notes li")];
  const own = listed.filter((item) => item.dataset.for?.split(" ").includes(head.dataset.key));
  const whole = listed.filter((item) => !item.dataset.for);
  const told = [...new Set([...own, ...whole])].map((item) => item.textContent);
  value.title = `${head.textContent} of ${row.cells[0].textContent}: ${told.join("; ")}`;
});
