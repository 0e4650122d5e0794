// Lists: choosing rows, quick filters, condition builder, columns, saved views, inline edit.
"use strict";

const listForm = document.getElementById("list-form");
const listNow = () => document.getElementById("list");
const stateField = (name) => $(`input[name=${name}][form=list-form]`);
const conditionNow = () => JSON.parse(listNow().dataset.filter);

function applyState(changes) {
  for (const [name, value] of Object.entries(changes)) stateField(name).value = value;
  if ("filter" in changes || "columns" in changes) stateField("view").value = "";
  htmx.trigger(listForm, "crm:apply");
}
const applyCondition = (condition) => applyState({ filter: isEmptyCondition(condition) ? "" : JSON.stringify(condition) });
const parts = (condition) => (isEmptyCondition(condition) ? [] : condition.all ? condition.all : [condition]);

// ---- choosing rows

let everything = false;
const rowBoxes = () => $$("[data-row]", listNow());
const chosen = () => rowBoxes().filter((box) => box.checked);

function showChosen() {
  const bar = $("[data-bulk-bar]", listNow());
  if (!bar) return;
  const count = chosen().length;
  bar.hidden = !count;
  $("[data-count]", bar).textContent = everything ? texts.all_chosen : texts.chosen.replace("%(n)s", count);
  const all = $("[data-all]", listNow());
  if (all) {
    all.checked = count > 0 && count === rowBoxes().length;
    all.indeterminate = count > 0 && count < rowBoxes().length;
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) rowBoxes().forEach((box) => { box.checked = event.target.checked; });
  if (event.target.matches("[data-row], [data-all]")) {
    everything = false;
    showChosen();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-everything]")) everything = true;
  if (event.target.closest("[data-none]")) {
    everything = false;
    rowBoxes().forEach((box) => { box.checked = false; });
  }
  if (event.target.closest("[data-everything], [data-none]")) showChosen();
  const action = event.target.closest("[data-bulk]");
  if (action && !action.dataset.open) runBulk(action);
  const download = event.target.closest("[data-export]");
  if (download) {
    const address = new URL(download.href);
    for (const name of ["filter", "sort", "columns"]) if (stateField(name).value) address.searchParams.set(name, stateField(name).value);
    const q = document.getElementById("list-q").value.trim();
    if (q) address.searchParams.set("q", q);
    download.href = address.pathname + address.search;
  }
});
function chosenValues() {
  if (!everything) return { ids: chosen().map((box) => box.value) };
  return { all: "1", filter: stateField("filter").value, q: document.getElementById("list-q").value };
}
async function runBulk(button) {
  if (button.dataset.confirm && !(await ask(button.dataset.confirm))) return;
  htmx.ajax("POST", button.dataset.bulk, { source: button, swap: "none", values: chosenValues() });
}
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("[data-bulk-form]")) return;
  for (const [name, value] of Object.entries(chosenValues())) {
    for (const one of [value].flat()) event.detail.formData.append(name, one);
  }
});
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "list") {
    everything = false;
    showQuick();
  }
  showChosen();
});

// ---- quick filters: one leaf {field, op: in, value: […]} of the top level each

function showQuick() {
  const leaves = parts(conditionNow());
  for (const menu of $$("[data-quick]")) {
    const leaf = leaves.find((part) => part.field === menu.dataset.quick && ["in", "eq"].includes(part.op));
    const values = leaf ? [leaf.value].flat().map(String) : [];
    $$("input", menu).forEach((box) => { box.checked = values.includes(box.value); });
    const count = $(".quick-count", menu);
    count.hidden = !values.length;
    count.textContent = values.length;
    menu.classList.toggle("in-force", values.length > 0);
  }
}
document.addEventListener("change", (event) => {
  const menu = event.target.closest("[data-quick]");
  if (!menu) return;
  const values = $$("input:checked", menu).map((box) => box.value);
  const rest = parts(conditionNow()).filter((part) => !(part.field === menu.dataset.quick && ["in", "eq"].includes(part.op)));
  if (values.length) rest.push({ field: menu.dataset.quick, op: "in", value: values });
  applyCondition(rest.length ? { all: rest } : {});
});

// ---- the condition builder, see builder.js

let conditionIn = null;
document.addEventListener("crm:open", (event) => {
  const form = $("[data-builder]", event.target);
  if (!form) return;
  const facts = JSON.parse(form.dataset.builder);
  conditionIn = conditionEditor($("[data-builder-root]", form), facts, conditionNow());
  if (conditionIn.empty()) conditionIn.add();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-builder-clear]")) conditionIn.clear();
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-builder]")) applyCondition(conditionIn.value());
});

// ---- columns

document.addEventListener("click", (event) => {
  const columns = event.target.closest("[data-columns]");
  if (!columns) return;
  const line = event.target.closest("li");
  if (event.target.closest("[data-up]") && line.previousElementSibling) line.previousElementSibling.before(line);
  if (event.target.closest("[data-down]") && line.nextElementSibling) line.nextElementSibling.after(line);
  if (event.target.closest("[data-up], [data-down]")) event.target.closest("button").focus();
  if (event.target.closest("[data-columns-default]")) {
    columns.closest("dialog").close();
    applyState({ columns: "" });
  }
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-columns]")) return;
  applyState({ columns: $$("input:checked", event.target).map((box) => box.value).join(",") });
});

// ---- saved views

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-view-form]")) return;
  const { filter, sort, shown } = listNow().dataset;
  Object.assign(event.target.elements.filter, { value: isEmptyCondition(conditionNow()) ? "" : filter });
  event.target.elements.sort.value = sort;
  event.target.elements.columns.value = shown;
});

// ---- inline edit: a cell under a heading that names a field gets a pencil

function addPencils() {
  const table = $("table[data-edit]", listNow());
  if (!table) return;
  const headings = $$("thead th", table).map((heading, at) => [heading, at]).filter(([heading]) => heading.dataset.edits);
  for (const row of $$("tbody tr[data-id]:not([data-fixed])", table)) {
    for (const [heading, at] of headings) {
      const cell = row.cells[at];
      if ($(".cell-pencil, form", cell)) continue;
      const address = table.dataset.edit.replace("{id}", encodeURIComponent(row.dataset.id)).replace("{field}", encodeURIComponent(heading.dataset.edits));
      const pencil = element("button", { type: "button", className: "cell-pencil" }, svgIcon("pencil"));
      pencil.setAttribute("aria-label", heading.dataset.editLabel);
      pencil.addEventListener("click", () => htmx.ajax("GET", address, { source: cell, target: cell }));
      cell.dataset.editable = "";
      cell.append(pencil);
    }
  }
}
document.addEventListener("htmx:afterSettle", addPencils);
document.addEventListener("dblclick", (event) => {
  const cell = event.target.closest("td[data-editable]");
  if (cell && !event.target.closest("a, form")) $(".cell-pencil", cell)?.click();
});
document.addEventListener("htmx:afterSettle", (event) => {
  const form = event.target.querySelector?.("[data-cell-editor]");
  if (form) $("input:not([type=hidden]), select, textarea", form)?.focus();
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-cell-editor]");
  if (form && event.key === "Escape") $("[data-cancel]", form).click();
});

showQuick();
showChosen();
addPencils();
