// The controls of the definition editor: one per kind of part, each writing into the document it was given.
// Sheet: {facts, edits, changed()}. A place is named by its path ("rules.2.when"), which problems point at too.
"use strict";

const idOf = (at) => `d-${at.replace(/[^A-Za-z0-9_-]+/g, "-")}`;
const blankValue = (value) => value === undefined || value === null || value === "";
const LIST_KINDS = ["choices", "texts", "numbers", "people", "records", "spans", "rows"];

function partsOf(part, value, sheet) {
  if (part.by) return [...(part.parts || []), ...((part.variants || {})[value?.[part.by]] || [])];
  return part.shape ? sheet.facts.shapes[part.shape] || [] : part.parts || [];
}
function pairText(pair) {
  const first = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  return pair && typeof pair === "object" ? pair[first] || pair.zh || pair.en || "" : pair || "";
}
function nameIn(sheet) {
  return (value, label) => {
    if (label) sheet.facts.names[value] = label;
    return sheet.facts.names[value] || value;
  };
}
// What a value is called where there is room for a few words only.
function shortly(value, part, sheet) {
  if (blankValue(value)) return "";
  if (part.choices) return (part.choices.find(([key]) => key === value) || [value, value])[1];
  if (part.kind === "pair") return pairText(value);
  return typeof value === "object" ? "" : nameIn(sheet)(String(value));
}
function disableAll(root) {
  for (const control of $$("input, select, textarea, .btn", root)) control.disabled = true;
}
function write(holder, key, value, part) {
  if (blankValue(value) && !part.required) delete holder[key];
  else holder[key] = value;
}

// ---- plain values: (part, value, put, id, sheet) → element

const asNumber = (text) => (text === "" || Number.isNaN(Number(text)) ? text : Number(text));
function typedInput(type, part, value, put, id, read = (text) => text) {
  const made = element("input", { className: "form-control", type, id, value: value ?? "" });
  if (type === "number") {
    made.step = part.kind === "integer" ? "1" : "any";
    if (part.minimum !== undefined) made.min = part.minimum;
    if (part.maximum !== undefined) made.max = part.maximum;
  }
  made.addEventListener("input", () => put(read(made.value)));
  return made;
}
function withUnit(input, unit) {
  return unit ? element("div", { className: "affix" }, input, element("span", { className: "affix-text", textContent: unit })) : input;
}
const commaList = (text) => text.split(/[,，、\n]/).map((one) => one.trim()).filter(Boolean);

const plainControls = {
  text: (part, value, put, id) => typedInput("text", part, typeof value === "object" ? "" : value, put, id),
  key: (part, value, put, id) => {
    const made = typedInput("text", part, value, put, id);
    made.pattern = "[a-z0-9][a-z0-9_\\-]*";
    made.maxLength = 60;
    made.spellcheck = false;
    return made;
  },
  long_text: (part, value, put, id) => {
    const made = element("textarea", { className: "form-control", rows: 3, id, value: value ?? "" });
    made.addEventListener("input", () => put(made.value));
    return made;
  },
  number: (part, value, put, id) => withUnit(typedInput("number", part, value, put, id, asNumber), part.unit),
  integer: (part, value, put, id) => withUnit(typedInput("number", part, value, put, id, asNumber), part.unit),
  percent: (part, value, put, id) => withUnit(typedInput("number", part, value, put, id, asNumber), "%"),
  money: (part, value, put, id) => withUnit(Object.assign(typedInput("text", part, value, put, id, (text) => text.trim()), { inputMode: "decimal" }), part.unit),
  date: (part, value, put, id) => typedInput("date", part, value, put, id),
  time: (part, value, put, id) => typedInput("time", part, value, put, id),
  choice: (part, value, put, id, sheet) => {
    const options = (part.choices || []).map(([key, label]) => element("option", { value: key, textContent: label, selected: key === value }));
    if (!part.required || blankValue(value)) options.unshift(element("option", { value: "", textContent: part.required ? sheet.facts.texts.choose : "–", selected: blankValue(value) }));
    if (!blankValue(value) && !(part.choices || []).some(([key]) => key === value)) options.push(element("option", { value, textContent: value, selected: true }));
    const made = element("select", { className: "form-select", id }, ...options);
    made.addEventListener("change", () => put(made.value));
    return made;
  },
  texts: (part, value, put, id, sheet) => {
    const made = typedInput("text", part, (value || []).join(", "), put, id, commaList);
    made.placeholder = sheet.facts.texts.commas;
    return made;
  },
  numbers: (part, value, put, id, sheet) => {
    const made = typedInput("text", part, (value || []).join(", "), put, id, (text) => commaList(text).map(asNumber));
    made.placeholder = sheet.facts.texts.commas;
    return made;
  },
  person: (part, value, put, id, sheet) => comboBox({ lookup: part.lookup, id, value, shown: blankValue(value) ? "" : nameIn(sheet)(value), hint: sheet.facts.texts.find, taken: (found, label) => { nameIn(sheet)(found, label); put(found); } }),
  people: (part, value, put, id, sheet) => manyBox({ lookup: part.lookup, id, label: part.label, values: [...(value || [])], nameOf: nameIn(sheet), hint: sheet.facts.texts.find, dropText: sheet.facts.texts.drop, changed: (values) => put([...values]) }),
  json: (part, value, put, id) => {
    const made = element("textarea", { className: "form-control code", rows: 4, id, spellcheck: false, value: value === undefined ? "" : JSON.stringify(value, null, 2) });
    made.addEventListener("input", () => {
      try {
        put(made.value.trim() ? JSON.parse(made.value) : null);
        made.setCustomValidity("");
        made.removeAttribute("aria-invalid");
      } catch (error) {
        made.setCustomValidity(error.message);
        made.setAttribute("aria-invalid", "true");
      }
    });
    return made;
  },
};
plainControls.record = plainControls.person;
plainControls.records = plainControls.people;

// ---- values that need more than one control: (part, holder, key, at, sheet) → element

const partControls = {
  boolean(part, holder, key, at, sheet) {
    const tick = element("input", { type: "checkbox", className: "form-check-input", id: idOf(at), checked: holder[key] === true });
    tick.addEventListener("change", () => { holder[key] = tick.checked; sheet.changed(); });
    return element("label", { className: "menu-check" }, tick, element("span", { textContent: part.label }));
  },
  choices(part, holder, key, at, sheet) {
    const box = element("div", { className: "builder-choices" }, ...(part.choices || []).map(([value, label]) => {
      const tick = element("input", { type: "checkbox", className: "form-check-input", checked: (holder[key] || []).includes(value) });
      tick.addEventListener("change", () => {
        const kept = (holder[key] || []).filter((one) => one !== value);
        holder[key] = (part.choices || []).map(([one]) => one).filter((one) => (one === value ? tick.checked : kept.includes(one)));
        sheet.changed();
      });
      return element("label", { className: "menu-check" }, tick, element("span", { textContent: label }));
    }));
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", part.label || "");
    return box;
  },
  pair(part, holder, key, at, sheet) {
    const box = element("div", { className: "pair-inputs" });
    for (const lang of ["zh", "en"]) {
      const id = idOf(`${at}.${lang}`);
      const tag = element("label", { className: "affix-text", htmlFor: id, textContent: sheet.facts.texts[lang] });
      const input = element("input", { className: "form-control", type: "text", id, lang: lang === "zh" ? "zh-CN" : "en", value: pairText(typeof holder[key] === "object" ? { [lang]: holder[key]?.[lang] } : holder[key]) });
      input.addEventListener("input", () => {
        const pair = { ...(typeof holder[key] === "object" ? holder[key] : {}) };
        if (input.value) pair[lang] = input.value;
        else delete pair[lang];
        if (Object.keys(pair).length || part.required) holder[key] = pair;
        else delete holder[key];
        sheet.changed();
      });
      const line = element("div", { className: "affix affix-front" }, tag, input);
      line.dataset.at = `${at}.${lang}`;
      box.append(line);
    }
    return box;
  },
  condition(part, holder, key, at, sheet) {
    const root = element("div", {});
    const facts = { ...sheet.facts.objects[part.about], names: sheet.facts.names };
    conditionEditor(root, facts, holder[key], (condition) => {
      holder[key] = isEmptyCondition(condition) ? { all: [] } : condition;
      sheet.changed();
    });
    return root;
  },
  group(part, holder, key, at, sheet) {
    if (typeof holder[key] !== "object" || holder[key] === null || Array.isArray(holder[key])) holder[key] = structuredClone(part.blank ?? {});
    return drawParts(partsOf(part, holder[key], sheet), holder[key], at, sheet);
  },
  spans(part, holder, key, at, sheet) {
    const said = sheet.facts.texts;
    const box = element("div", { className: "spans" });
    const draw = () => {
      const list = (holder[key] ||= []);
      box.replaceChildren(...list.map((span, place) => element("div", { className: "span-line" },
        ...[0, 1].map((end) => {
          const made = inputBox("time", span[end] === "24:00" ? "00:00" : span[end], (value) => { span[end] = end && value === "00:00" ? "24:00" : value; sheet.changed(); }, `${part.label || ""} ${end ? said.to : said.from}`.trim());
          return made;
        }),
        iconButton("x", said.remove, () => { list.splice(place, 1); draw(); sheet.changed(); }))),
      addButton(said.add, () => { list.push(["09:00", "18:00"]); draw(); sheet.changed(); }));
    };
    draw();
    return box;
  },
  map: drawMap,
  rows: drawRows,
};

function addButton(text, pressed) {
  const made = element("button", { type: "button", className: "btn" }, svgIcon("plus"), text);
  made.addEventListener("click", pressed);
  return made;
}

function drawMap(part, holder, key, at, sheet) {
  const said = sheet.facts.texts;
  const inner = part.parts[0];
  const box = element("div", { className: "map-lines" });
  const labelOf = (name) => (part.choices ? shortly(name, part, sheet) : nameIn(sheet)(name));
  const draw = () => {
    if (typeof holder[key] !== "object" || holder[key] === null || Array.isArray(holder[key])) holder[key] = {};
    const map = holder[key];
    const grow = (name) => {
      if (!name || name in map) return;
      map[name] = structuredClone(inner.blank ?? (inner.kind === "group" ? {} : LIST_KINDS.includes(inner.kind) ? [] : inner.choices ? inner.choices[0][0] : ["number", "integer"].includes(inner.kind) ? 0 : ""));
      draw();
      sheet.changed();
    };
    const order = part.choices ? part.choices.map(([name]) => name).filter((name) => name in map) : [];
    const names = [...order, ...Object.keys(map).filter((name) => !order.includes(name))];
    const lines = names.map((name) => {
      const line = element("div", { className: "map-line", role: "group" },
        element("span", { className: "map-key", textContent: labelOf(name) }),
        drawPlace({ ...inner, label: inner.kind === "group" ? "" : labelOf(name), unlabelled: true, required: true }, map, name, `${at}.${name}`, sheet),
        iconButton("x", said.drop.replace("%(name)s", labelOf(name)), () => { delete map[name]; draw(); sheet.changed(); }));
      line.setAttribute("role", "group");
      line.setAttribute("aria-label", labelOf(name));
      return line;
    });
    box.replaceChildren(...lines, ...mapAdder(part, map, grow, sheet));
  };
  draw();
  return box;
}
function mapAdder(part, map, grow, sheet) {
  const said = sheet.facts.texts;
  if (!sheet.edits) return [];
  if (part.choices) {
    const left = part.choices.filter(([name]) => !(name in map));
    return left.length ? [element("div", { className: "map-add" }, selectBox(said.add, [["", `${said.add}…`], ...left], "", grow))] : [];
  }
  if (part.lookup) return [element("div", { className: "map-add" }, comboBox({ lookup: part.lookup, label: part.add || said.add, hint: part.add || said.find, taken: (value, label) => { nameIn(sheet)(value, label); grow(value); } }))];
  const name = element("input", { className: "form-control", type: part.key_kind === "date" ? "date" : "text" });
  name.setAttribute("aria-label", said.key);
  return [element("div", { className: "map-add" }, name, addButton(part.add || said.add, () => grow(name.value.trim())))];
}

function drawRows(part, holder, key, at, sheet) {
  const said = sheet.facts.texts;
  const box = element("div", { className: "rows" });
  const open = sheet.open;
  const draw = (focus) => {
    if (!Array.isArray(holder[key])) holder[key] = [];
    const list = holder[key];
    const move = (from, to, focused) => {
      if (to < 0 || to >= list.length) return;
      list.splice(to, 0, ...list.splice(from, 1));
      draw(() => $$(":scope > .row-card", box)[to]?.querySelector(focused)?.focus());
      if (from !== to) sheet.changed();
    };
    const cards = list.map((row, place) => rowCard({ part, row, place, at: `${at}.${place}`, sheet, open, last: place === list.length - 1,
      up: () => move(place, place - 1, "[data-up]"), down: () => move(place, place + 1, "[data-down]"),
      moved: (from, to) => move(from, to, ".row-grip"),
      copy: () => {
        const twin = structuredClone(row);
        if (part.same && typeof twin[part.same] === "string") twin[part.same] = freshKey(list, part.same, twin[part.same]);
        list.splice(place + 1, 0, twin);
        open.add(twin);
        draw();
        sheet.changed();
      },
      remove: () => {
        list.splice(place, 1);
        draw(() => (($$(":scope > .row-card", box)[Math.min(place, list.length - 1)] || box).querySelector("button"))?.focus());
        sheet.changed();
      } }));
    const grow = (kind) => {
      const row = structuredClone(part.blank ?? {});
      if (kind) row[part.by] = kind;
      if (part.same && !row[part.same] && partsOf(part, row, sheet).find((one) => one.name === part.same)?.kind === "key") row[part.same] = freshKey(list, part.same, "item");
      list.push(row);
      open.add(row);
      draw(() => $$(":scope > .row-card", box).at(-1)?.querySelector(".row-body input, .row-body select")?.focus());
      sheet.changed();
    };
    const kinds = part.by ? part.choices || Object.keys(part.variants).map((name) => [name, name]) : null;
    const adder = !sheet.edits ? null : kinds
      ? element("div", { className: "map-add" }, selectBox(part.add || said.add, [["", `${part.add || said.add}…`], ...kinds], "", (value) => value && grow(value)))
      : addButton(part.add || said.add, () => grow());
    box.replaceChildren(...(cards.length ? cards : [element("p", { className: "field-help", textContent: said.none })]), ...(adder ? [adder] : []));
    sheet.problems?.();
    focus?.();
  };
  draw();
  return box;
}
function freshKey(list, name, wanted) {
  const taken = new Set(list.map((row) => row[name]));
  const stem = wanted.replace(/[-_]\d+$/, "");
  for (let n = 1; ; n += 1) if (!taken.has(`${stem}_${n}`)) return `${stem}_${n}`;
}
function rowCard({ part, row, place, at, sheet, open, last, up, down, moved, copy, remove }) {
  const said = sheet.facts.texts;
  const inner = partsOf(part, row, sheet);
  const head = inner.find((one) => one.name === part.head);
  const kind = part.by && shortly(row[part.by], part, sheet);
  const called = () => [kind, head && shortly(row[part.head], head, sheet)].filter(Boolean).join(" · ") || (part.same && row[part.same]) || said.row.replace("%(n)s", place + 1);
  const title = element("span", { className: "row-title" });
  const toggle = element("button", { type: "button", className: "row-toggle" }, svgIcon("chevron-right"), element("span", { className: "row-number", textContent: place + 1 }), title);
  const body = element("div", { className: "row-body" });
  const kinds = [["arrow-up", said.up, up], ["arrow-down", said.down, down], ["copy", said.copy, copy], ["trash", said.remove, remove]];
  const tools = sheet.edits ? kinds.map(([icon, label, pressed]) => iconButton(icon, label, pressed)) : [];
  const name = () => {
    title.textContent = called();
    tools.forEach((tool, at) => tool.setAttribute("aria-label", `${kinds[at][1]}: ${called()}`));
  };
  name();
  if (tools.length) [tools[0].disabled, tools[1].disabled] = [place === 0, last];
  if (tools.length) { tools[0].dataset.up = ""; tools[1].dataset.down = ""; }
  const card = element("div", { className: "row-card" }, element("div", { className: "row-head" }, toggle, element("div", { className: "row-tools" }, ...tools)), body);
  card.dataset.at = at;
  if (sheet.edits) card.firstChild.prepend(gripFor(card, `${said.carry}: ${called()}`, moved));
  card.crmShow = (shown) => {
    toggle.setAttribute("aria-expanded", shown);
    body.hidden = !shown;
    if (shown) open.add(row);
    else open.delete(row);
    if (shown && !body.firstChild) {
      body.append(drawParts(inner, row, at, { ...sheet, changed: () => { name(); sheet.changed(); } }));
      if (!sheet.edits) disableAll(body);
      sheet.problems?.();
    }
  };
  toggle.addEventListener("click", () => card.crmShow(body.hidden));
  card.crmShow(open.has(row));
  return card;
}

// ---- a place with its label, and the places of a group

function drawPlace(part, holder, key, at, sheet) {
  const id = idOf(at);
  const wide = !plainControls[part.kind] || ["long_text", "json", "people", "records"].includes(part.kind);
  const field = element("div", { className: `field${wide && !["boolean"].includes(part.kind) ? " field-wide" : ""}` });
  field.dataset.at = at;
  const plain = plainControls[part.kind] || (partControls[part.kind] ? null : plainControls.text);
  const put = (value) => {
    const kept = LIST_KINDS.includes(part.kind) && Array.isArray(value) && !value.length && !part.required ? null : value;
    write(holder, key, kept, part);
    sheet.changed();
  };
  const control = plain ? plain(part, holder[key], put, id, sheet) : partControls[part.kind](part, holder, key, at, sheet);
  const own = control.matches("input, select, textarea") ? control : $("input:not([type=hidden]), select, textarea", control);
  if (part.unlabelled) {
    if (own && !own.getAttribute("aria-label") && own.id === id) own.setAttribute("aria-label", part.label || part.name || key);
  } else if (part.label && part.kind !== "boolean") {
    const single = plain && !["people", "records"].includes(part.kind);
    const label = element(single ? "label" : "span", { className: "form-label", textContent: part.label });
    if (single) label.htmlFor = id;
    if (part.required) {
      const star = element("span", { className: "required", textContent: " *" });
      star.setAttribute("aria-hidden", "true");
      label.append(star);
    }
    field.append(label);
  }
  field.append(control);
  if (part.help) field.append(element("p", { className: "field-help", textContent: part.help }));
  if (part.only_if) {
    field.crmShown = () => { field.hidden = !part.only_if[1].includes(holder[part.only_if[0]]); };
    field.dataset.onlyIf = "";
    field.crmShown();
  }
  return field;
}
function drawParts(parts, holder, at, sheet) {
  const box = element("div", { className: "fields" });
  const inner = { ...sheet, changed: () => { for (const field of $$(":scope > [data-only-if]", box)) field.crmShown(); sheet.changed(); } };
  box.append(...parts.map((part) => drawPlace(part, holder, part.name, at ? `${at}.${part.name}` : part.name, inner)));
  return box;
}
