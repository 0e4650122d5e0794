// The condition builder: nested groups of all, any and none over fields, as the condition language has it.
// conditionEditor(root, facts, condition, changed) draws it into `root`; facts are console.conditions.builder's.
"use strict";

const isEmptyCondition = (condition) => !condition || !Object.keys(condition).length
  || ((condition.all || condition.any) && !(condition.all || condition.any).length);

// A group is {how: all | any | none, of: [groups and leaves]} while it is edited.
function openedCondition(condition) {
  if (isEmptyCondition(condition)) return { how: "all", of: [] };
  const inside = (list) => list.map((part) => (part.field ? structuredClone(part) : openedCondition(part)));
  if (condition.all) return { how: "all", of: inside(condition.all) };
  if (condition.any) return { how: "any", of: inside(condition.any) };
  if (condition.not) return { how: "none", of: inside(condition.not.any || [condition.not]) };
  return { how: "all", of: [structuredClone(condition)] };
}
function closedCondition(group) {
  const of = group.of.map((part) => (part.how ? closedCondition(part) : part)).filter((part) => !isEmptyCondition(part));
  if (!of.length) return {};
  return group.how === "none" ? { not: { any: of } } : { [group.how]: of };
}

// ---- small controls, also used by the definition editor

function selectBox(label, options, value, changed) {
  const made = element("select", { className: "form-select" }, ...options.map(([key, text]) => element("option", { value: key, textContent: text, selected: key === value })));
  made.setAttribute("aria-label", label);
  made.addEventListener("change", () => changed(made.value));
  return made;
}
function inputBox(type, value, changed, label) {
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
// A search-and-choose box; `taken(value, label)` hears of each choice.
function comboBox({ lookup, label, value, shown, hint, taken, id }) {
  const combo = element("div", { className: "combo" });
  combo.dataset.combo = lookup;
  const name = id || `combo-${Math.random().toString(36).slice(2)}`;
  const box = element("input", { className: "form-control", type: "text", id: name, autocomplete: "off", value: shown ?? "", placeholder: hint || "" });
  for (const [key, said] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": `${name}-list`, "aria-autocomplete": "list" })) box.setAttribute(key, said);
  if (label) box.setAttribute("aria-label", label);
  const hidden = element("input", { type: "hidden", value: value ?? "" });
  hidden.addEventListener("change", () => taken(hidden.value, box.value));
  const list = element("ul", { className: "combo-list", id: `${name}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label || hint || "");
  combo.append(box, hidden, list);
  watchCombo(combo);
  return combo;
}
// Several values found one by one, each shown as a chip that can be taken out.
function manyBox({ lookup, label, values, nameOf, hint, dropText, changed, id }) {
  const box = element("div", { className: "many", role: "group" });
  box.setAttribute("role", "group");
  if (label) box.setAttribute("aria-label", label);
  const chips = element("ul", { className: "many-chips" });
  const draw = () => chips.replaceChildren(...values.map((value, place) => element("li", { className: "many-chip" }, nameOf(value),
    iconButton("x", dropText.replace("%(name)s", nameOf(value)), () => {
      values.splice(place, 1);
      draw();
      changed(values);
      $("input", box)?.focus();
    }))));
  const finder = comboBox({
    lookup, label, hint, id,
    taken: (value, shown) => {
      if (!value) return;
      nameOf(value, shown);
      if (!values.includes(value)) values.push(value);
      draw();
      changed(values);
      $("input[type=hidden]", finder).value = "";
      $("input[role=combobox]", finder).value = "";
    },
  });
  draw();
  box.append(chips, finder);
  return box;
}

// ---- the builder

function conditionEditor(root, facts, condition, changed = () => {}) {
  const said = facts.texts;
  const names = facts.names;
  const group = openedCondition(condition);
  const factOf = (name) => facts.fields.find((field) => field.name === name);
  const isMoment = (field) => ["date", "datetime"].includes(field.kind);
  const isNumber = (field) => facts.families[field.kind] === "number";
  const tell = () => changed(closedCondition(group));
  const nameOf = (value, label) => { if (label) names[value] = label; return names[value] || value; };
  const write = (leaf, value) => { leaf.value = value; tell(); };
  const typedValue = (value, field) => (isNumber(field) && field.kind !== "money" && value !== "" ? Number(value) : value);
  const comparable = (field) => facts.fields.filter((other) => other.name !== field.name && facts.families[other.kind] === facts.families[field.kind] && !["choices", "texts"].includes(other.kind));

  // The editors of a leaf's value; each writes into `leaf.value` in the form the condition language wants.
  function valueEditor(leaf, field, redraw) {
    if (facts.no_value.includes(leaf.op)) return [];
    if (["this", "last"].includes(leaf.op)) {
      leaf.value = facts.periods[leaf.value] ? leaf.value : "month";
      return [selectBox(said.value, Object.entries(facts.periods), leaf.value, (value) => write(leaf, value))];
    }
    if (["within_last", "within_next"].includes(leaf.op)) return durationEditor(leaf);
    if (leaf.op === "between") {
      if (!Array.isArray(leaf.value)) leaf.value = ["", ""];
      const type = isMoment(field) ? "date" : field.kind === "time" ? "time" : "number";
      return [0, 1].map((place) => inputBox(type, leaf.value[place], (value) => { leaf.value[place] = typedValue(value, field); tell(); }, place ? said.to : said.from));
    }
    if (field.kind === "boolean") {
      leaf.value = leaf.value === true || leaf.value === undefined || leaf.value === "";
      return [selectBox(said.value, [["true", said.yes], ["false", said.no]], String(leaf.value), (value) => write(leaf, value === "true"))];
    }
    if (["in", "not_in"].includes(leaf.op)) return severalEditor(leaf, field);
    const kinds = [["fixed", said.fixed]];
    if (isMoment(field)) kinds.push(["relative", said.relative]);
    if (["eq", "ne", "lt", "le", "gt", "ge"].includes(leaf.op) && comparable(field).length && !field.choices.length && field.kind !== "person") kinds.push(["field", said.another_field]);
    if (kinds.length === 1) return plainEditor(leaf, field);
    const now = leaf.value && typeof leaf.value === "object" && !Array.isArray(leaf.value) ? (leaf.value.now !== undefined ? "relative" : leaf.value.field ? "field" : "fixed") : "fixed";
    const how = selectBox(said.kind_of_value, kinds, now, (value) => {
      leaf.value = { fixed: "", relative: { now: "-7d" }, field: { field: comparable(field)[0]?.name } }[value];
      redraw();
      tell();
    });
    how.classList.add("builder-how");
    if (now === "relative") return [how, ...relativeEditor(leaf)];
    if (now === "field") return [how, selectBox(said.field, comparable(field).map((one) => [one.name, one.label]), leaf.value.field, (value) => write(leaf, { field: value }))];
    return [how, ...plainEditor(leaf, field)];
  }
  function plainEditor(leaf, field) {
    if (field.choices.length) {
      if (!field.choices.some(([value]) => value === leaf.value)) leaf.value = field.choices[0][0];
      return [selectBox(said.value, field.choices, leaf.value, (value) => write(leaf, value))];
    }
    if (field.kind === "person") return personEditor(leaf, field);
    if (leaf.value !== null && typeof leaf.value === "object") leaf.value = "";
    if (field.lookup) return [comboBox({ lookup: field.lookup, label: said.value, value: leaf.value, shown: leaf.value ? nameOf(leaf.value) : "", hint: said.find, taken: (value, label) => { nameOf(value, label); write(leaf, value); } })];
    const type = isMoment(field) ? "date" : isNumber(field) ? "number" : field.kind === "time" ? "time" : "text";
    return [inputBox(type, String(leaf.value ?? "").slice(0, type === "date" ? 10 : 1000), (value) => write(leaf, typedValue(value, field)), said.value)];
  }
  function severalEditor(leaf, field) {
    if (leaf.value?.me || leaf.value?.my_team || !Array.isArray(leaf.value)) leaf.value = typeof leaf.value === "string" && leaf.value ? [leaf.value] : [];
    if (field.choices.length) {
      const box = element("div", { className: "builder-choices" }, ...field.choices.map(([value, label]) => {
        const tick = element("input", { type: "checkbox", className: "form-check-input", checked: leaf.value.includes(value) });
        tick.addEventListener("change", () => write(leaf, tick.checked ? [...leaf.value, value] : leaf.value.filter((one) => one !== value)));
        return element("label", { className: "menu-check" }, tick, element("span", { textContent: label }));
      }));
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", said.value);
      return [box];
    }
    if (field.lookup) return [manyBox({ lookup: field.lookup, label: said.value, values: leaf.value, nameOf, hint: said.find, dropText: said.drop, changed: tell })];
    const made = inputBox("text", leaf.value.join(", "), (value) => write(leaf, value.split(/[,，、]/).map((one) => typedValue(one.trim(), field)).filter((one) => one !== "")), said.value);
    made.title = made.placeholder = said.commas;
    return [made];
  }
  function durationEditor(leaf) {
    let [, count, unit] = /^(\d+)(min|h|d|w|mo|q|y)$/.exec(leaf.value) || ["", "7", "d"];
    const put = () => write(leaf, `${count || 0}${unit}`);
    leaf.value = `${count}${unit}`;
    return [
      inputBox("number", count, (value) => { count = String(Math.max(0, Math.round(value))); put(); }, said.value),
      selectBox(said.unit, Object.entries(facts.units), unit, (value) => { unit = value; put(); }),
    ];
  }
  // So many days before or after now: {"now": "-7d"}.
  function relativeEditor(leaf) {
    let [, sign, count, unit] = /^([+-]?)(\d+)(min|h|d|w|mo|q|y)$/.exec(leaf.value.now) || ["", "-", "7", "d"];
    sign ||= "+";
    const put = () => write(leaf, { now: `${sign}${count || 0}${unit}` });
    return [
      inputBox("number", count, (value) => { count = String(Math.max(0, Math.round(value))); put(); }, said.value),
      selectBox(said.unit, Object.entries(facts.units), unit, (value) => { unit = value; put(); }),
      selectBox(said.direction, [["-", said.ago], ["+", said.ahead]], sign, (value) => { sign = value; put(); }),
    ];
  }
  function personEditor(leaf, field) {
    const whose = leaf.value?.my_team ? "my_team" : leaf.value?.me || !leaf.value ? "me" : "other";
    if (whose !== "other") leaf.value = { [whose]: true };
    const kinds = [["me", said.me], ["my_team", said.my_team]];
    if (!field.lookup && whose !== "other") return [selectBox(said.value, kinds, whose, (value) => write(leaf, { [value]: true }))];
    const combo = comboBox({
      lookup: field.lookup, label: said.value, value: whose === "other" ? leaf.value : "", shown: whose === "other" ? nameOf(leaf.value) : "", hint: said.find,
      taken: (value, label) => { nameOf(value, label); write(leaf, value); },
    });
    combo.hidden = whose !== "other";
    const kind = selectBox(said.kind_of_value, [...kinds, ["other", said.other]], whose, (value) => {
      combo.hidden = value !== "other";
      write(leaf, value === "other" ? $("input[type=hidden]", combo).value : { [value]: true });
    });
    return [kind, combo];
  }

  function leafRow(leaf, remove) {
    const row = element("div", { className: "builder-row" });
    const draw = () => {
      const field = factOf(leaf.field);
      if (!field) {  // a field that is gone, or that the reader does not see: kept as it is, and said
        row.replaceChildren(element("code", { className: "builder-gone", textContent: JSON.stringify(leaf) }), iconButton("x", said.remove, remove));
        return;
      }
      const operators = facts.kinds[field.kind];
      if (!operators.includes(leaf.op)) leaf.op = field.choices.length ? "in" : operators[0];
      const words = (op) => (isMoment(field) && facts.moment_operators[op]) || facts.operators[op];
      row.replaceChildren(
        selectBox(said.field, facts.fields.map((one) => [one.name, one.label]), leaf.field, (value) => { leaf.field = value; leaf.op = ""; delete leaf.value; draw(); tell(); }),
        selectBox(said.operator, operators.map((op) => [op, words(op)]), leaf.op, (value) => { leaf.op = value; if (facts.no_value.includes(value)) delete leaf.value; draw(); tell(); }),
        element("div", { className: "builder-value" }, ...valueEditor(leaf, field, draw)),
        iconButton("x", said.remove, remove),
      );
    };
    draw();
    return row;
  }

  function groupBox(part, remove) {
    const box = element("fieldset", { className: "builder-group" });
    const how = selectBox(said.all, [["all", said.all], ["any", said.any], ["none", said.not]], part.how, (value) => { part.how = value; tell(); });
    box.append(element("div", { className: "builder-head" }, how, remove ? iconButton("trash", said.remove, remove) : null));
    if (!part.of.length && !remove) box.append(element("p", { className: "builder-none", textContent: said.nothing }));
    part.of.forEach((inner, place) => {
      const out = () => { part.of.splice(place, 1); redraw(); tell(); };
      box.append(inner.how ? groupBox(inner, out) : leafRow(inner, out));
    });
    const grow = (made) => () => {
      part.of.push(made());
      redraw();
      tell();
      $$(".builder-row select, .builder-group .builder-group select", root).at(-1)?.focus();
    };
    const add = element("button", { type: "button", className: "btn" }, svgIcon("plus"), said.add);
    add.addEventListener("click", grow(() => ({ field: facts.fields[0].name })));
    const nest = element("button", { type: "button", className: "btn" }, svgIcon("stack-2"), said.group);
    nest.addEventListener("click", grow(() => ({ how: "any", of: [{ field: facts.fields[0].name }] })));
    box.append(element("div", { className: "builder-foot" }, add, nest));
    return box;
  }

  const redraw = () => root.replaceChildren(groupBox(group));
  redraw();
  return {
    value: () => closedCondition(group),
    add: () => { group.of.push({ field: facts.fields[0].name }); redraw(); },
    clear: () => { group.how = "all"; group.of = []; redraw(); tell(); },
    empty: () => !group.of.length,
  };
}
