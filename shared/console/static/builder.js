// The condition builder: nested groups of all, any and none over the fields of a list, as the condition language has it.
"use strict";

const builderForm = $("[data-builder]");
const facts = builderForm && JSON.parse($("[data-builder-facts]", builderForm).textContent);
const factOf = (name) => facts.fields.find((field) => field.name === name) || facts.fields[0];
const isMoment = (field) => ["date", "datetime"].includes(field.kind);

function select(label, options, value, changed) {
  const made = element("select", { className: "form-select" }, ...options.map(([key, text]) => element("option", { value: key, textContent: text, selected: key === value })));
  made.setAttribute("aria-label", label);
  made.addEventListener("change", () => changed(made.value));
  return made;
}
function input(type, value, changed, label = facts.texts.value) {
  const made = element("input", { className: "form-control", type, value: value ?? "" });
  if (type === "number") made.step = "any";
  made.setAttribute("aria-label", label);
  made.addEventListener("input", () => changed(made.value));
  return made;
}
function iconButton(name, label, pressed) {
  const made = element("button", { type: "button", className: "btn btn-icon" }, svgIcon(name));
  made.setAttribute("aria-label", label);
  made.title = label;
  made.addEventListener("click", pressed);
  return made;
}

// The editors of a leaf's value; each writes into `leaf.value` in the form the condition language wants.
function valueEditor(leaf, field) {
  if (facts.no_value.includes(leaf.op)) return [];
  if (["this", "last"].includes(leaf.op)) {
    leaf.value = facts.periods[leaf.value] ? leaf.value : "month";
    return [select(facts.texts.value, Object.entries(facts.periods), leaf.value, (value) => { leaf.value = value; })];
  }
  if (["within_last", "within_next"].includes(leaf.op)) return durationEditor(leaf);
  if (leaf.op === "between") {
    if (!Array.isArray(leaf.value)) leaf.value = ["", ""];
    const type = isMoment(field) ? "date" : "number";
    return [0, 1].map((place) => input(type, leaf.value[place], (value) => { leaf.value[place] = typed(value, field); }, place ? facts.texts.to : facts.texts.from));
  }
  if (field.kind === "boolean") {
    leaf.value = leaf.value === true || leaf.value === undefined || leaf.value === "";
    return [select(facts.texts.value, [["true", facts.texts.yes], ["false", facts.texts.no]], String(leaf.value), (value) => { leaf.value = value === "true"; })];
  }
  if (field.choices.length) return choiceEditor(leaf, field);
  if (field.kind === "person") return personEditor(leaf, field);
  if (["in", "not_in"].includes(leaf.op)) {
    const shown = Array.isArray(leaf.value) ? leaf.value.join(", ") : leaf.value;
    const made = input("text", shown, (value) => { leaf.value = value.split(/[,，、]/).map((one) => typed(one.trim(), field)).filter((one) => one !== ""); });
    made.title = made.placeholder = facts.texts.commas;
    return [made];
  }
  if (typeof leaf.value === "object") leaf.value = "";
  const type = isMoment(field) ? "date" : ["number", "integer", "money", "percent"].includes(field.kind) ? "number" : "text";
  return [input(type, String(leaf.value ?? "").slice(0, type === "date" ? 10 : 1000), (value) => { leaf.value = typed(value, field); })];
}
function typed(value, field) {
  return ["number", "integer", "percent"].includes(field.kind) && value !== "" ? Number(value) : value;
}
function durationEditor(leaf) {
  const found = /^(\d+)(min|h|d|w|mo)$/.exec(leaf.value) || ["", "7", "d"];
  let [, count, unit] = found;
  const write = () => { leaf.value = `${count || 0}${unit}`; };
  write();
  return [
    input("number", count, (value) => { count = String(Math.max(0, Math.round(value))); write(); }),
    select(facts.texts.value, Object.entries(facts.units), unit, (value) => { unit = value; write(); }),
  ];
}
function choiceEditor(leaf, field) {
  if (!["in", "not_in"].includes(leaf.op)) {
    if (!field.choices.some(([value]) => value === leaf.value)) leaf.value = field.choices[0][0];
    return [select(facts.texts.value, field.choices, leaf.value, (value) => { leaf.value = value; })];
  }
  if (!Array.isArray(leaf.value)) leaf.value = leaf.value && typeof leaf.value === "string" ? [leaf.value] : [];
  const box = element("div", { className: "builder-choices" }, ...field.choices.map(([value, label]) => {
    const tick = element("input", { type: "checkbox", className: "form-check-input", checked: leaf.value.includes(value) });
    tick.addEventListener("change", () => { leaf.value = tick.checked ? [...leaf.value, value] : leaf.value.filter((one) => one !== value); });
    return element("label", { className: "menu-check" }, tick, element("span", { textContent: label }));
  }));
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", facts.texts.value);
  return [box];
}
function personEditor(leaf, field) {
  const whose = leaf.value?.my_team ? "my_team" : leaf.value?.me || leaf.value === undefined || leaf.value === "" ? "me" : "other";
  if (whose !== "other") leaf.value = { [whose]: true };
  if (!field.lookup && whose !== "other") {
    return [select(facts.texts.value, [["me", facts.texts.me], ["my_team", facts.texts.my_team]], whose, (value) => { leaf.value = { [value]: true }; })];
  }
  const combo = element("div", { className: "combo" });
  combo.dataset.combo = field.lookup;
  const id = `builder-${Math.random().toString(36).slice(2)}`;
  const box = element("input", { className: "form-control", type: "text", id, autocomplete: "off", value: whose === "other" ? String(leaf.value) : "" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list", "aria-label": facts.texts.value })) box.setAttribute(name, value);
  const hidden = element("input", { type: "hidden", value: whose === "other" ? leaf.value : "" });
  hidden.addEventListener("change", () => { leaf.value = hidden.value; });
  const list = element("ul", { className: "combo-list", id: `${id}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", facts.texts.value);
  combo.append(box, hidden, list);
  combo.hidden = whose !== "other";
  watchCombo(combo);
  const kind = select(facts.texts.value, [["me", facts.texts.me], ["my_team", facts.texts.my_team], ["other", facts.texts.other]], whose, (value) => {
    combo.hidden = value !== "other";
    leaf.value = value === "other" ? hidden.value : { [value]: true };
  });
  return [kind, combo];
}

function leafRow(leaf, remove) {
  const row = element("div", { className: "builder-row" });
  const draw = () => {
    const field = factOf(leaf.field);
    leaf.field = field.name;
    const operators = facts.kinds[field.kind];
    if (!operators.includes(leaf.op)) leaf.op = field.choices.length ? "in" : operators[0];
    const words = (op) => (isMoment(field) && facts.moment_operators[op]) || facts.operators[op];
    row.replaceChildren(
      select(facts.texts.field, facts.fields.map((one) => [one.name, one.label]), leaf.field, (value) => { leaf.field = value; leaf.op = ""; delete leaf.value; draw(); }),
      select(facts.texts.operator, operators.map((op) => [op, words(op)]), leaf.op, (value) => { leaf.op = value; draw(); }),
      element("div", { className: "builder-value" }, ...valueEditor(leaf, field)),
      iconButton("x", facts.texts.remove, remove),
    );
  };
  draw();
  return row;
}

// A group is {how: all | any | none, of: [groups and leaves]} while it is edited.
function opened(condition) {
  if (isEmptyCondition(condition)) return { how: "all", of: [] };
  if (condition.all || condition.any) return { how: condition.all ? "all" : "any", of: (condition.all || condition.any).map((part) => (part.field ? { ...part } : opened(part))) };
  if (condition.not) {
    const inner = condition.not.any || [condition.not];
    return { how: "none", of: inner.map((part) => (part.field ? { ...part } : opened(part))) };
  }
  return { how: "all", of: [{ ...condition }] };
}
function closed(group) {
  const of = group.of.map((part) => (part.how ? closed(part) : part)).filter((part) => !isEmptyCondition(part));
  if (!of.length) return {};
  return group.how === "none" ? { not: { any: of } } : { [group.how]: of };
}

function groupBox(group, redraw, remove) {
  const box = element("fieldset", { className: "builder-group" });
  const how = select(facts.texts.all, [["all", facts.texts.all], ["any", facts.texts.any], ["none", facts.texts.not]], group.how, (value) => { group.how = value; });
  const head = element("div", { className: "builder-head" }, how, remove ? iconButton("trash", facts.texts.remove, remove) : null);
  box.append(head);
  if (!group.of.length && !remove) box.append(element("p", { className: "builder-none", textContent: facts.texts.nothing }));
  group.of.forEach((part, place) => {
    const out = () => { group.of.splice(place, 1); redraw(); };
    box.append(part.how ? groupBox(part, redraw, out) : leafRow(part, out));
  });
  const add = element("button", { type: "button", className: "btn" }, svgIcon("plus"), facts.texts.add);
  add.addEventListener("click", () => { group.of.push({ field: facts.fields[0].name }); redraw(); });
  const nest = element("button", { type: "button", className: "btn" }, svgIcon("stack-2"), facts.texts.group);
  nest.addEventListener("click", () => { group.of.push({ how: "any", of: [{ field: facts.fields[0].name }] }); redraw(); });
  box.append(element("div", { className: "builder-foot" }, add, nest));
  return box;
}

if (builderForm) {
  let group = null;
  const root = $("[data-builder-root]", builderForm);
  const redraw = () => root.replaceChildren(groupBox(group, redraw));
  builderForm.closest("dialog").addEventListener("crm:open", () => {
    group = opened(conditionNow());
    if (!group.of.length) group.of.push({ field: facts.fields[0].name });
    redraw();
  });
  $("[data-builder-clear]", builderForm).addEventListener("click", () => { group = { how: "all", of: [] }; redraw(); });
  builderForm.addEventListener("submit", () => applyCondition(closed(group)));
}
