// The form designer: fields dragged about by mouse, touch or keys, over the same document as the editor's other tabs.
"use strict";

(() => {
  const root = $("[data-definition]");
  const said = JSON.parse($("[data-designer-texts]").content.textContent);
  const kinds = JSON.parse($("[data-designer-kinds]").content.textContent);
  const kindOf = (name) => kinds.find((kind) => kind.name === name) || { name, label: name, family: "", computed: false };
  const fieldsPart = definitionFacts.parts.find((part) => part.name === "sections")?.parts.find((part) => part.name === "fields");
  const locale = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const words = (pair, otherwise) => pair?.[locale] || pair?.zh || pair?.en || otherwise;
  const fill = (text, values) => Object.entries(values).reduce((made, [key, value]) => made.replace(`%(${key})s`, value), text);
  let previewing = false;
  let chosen = null;  // the field whose properties are open

  // ---- the tab

  const tab = element("button", { type: "button", role: "tab", id: "tab-designer", textContent: said.designer });
  tab.setAttribute("aria-controls", "panel-designer");
  tab.setAttribute("aria-selected", "false");
  tab.tabIndex = -1;
  const panel = element("div", { className: "panel designer", id: "panel-designer", hidden: true });
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", "tab-designer");
  $("[role=tablist]", root).prepend(tab);
  $("[data-fields]").before(panel);
  const live = element("p", { className: "visually-hidden" });
  live.setAttribute("aria-live", "polite");
  const announce = (text) => { live.textContent = text; };

  const sections = () => (page.body.sections ||= []);
  function changed() {
    draw();
    drawDocument();
    documentChanged();
  }

  // ---- drawing

  function draw() {
    const modes = element("div", { className: "designer-bar" });
    const toggle = element("button", { type: "button", className: "btn", textContent: previewing ? said.edit : said.preview });
    toggle.addEventListener("click", () => { previewing = !previewing; draw(); $(".designer-bar button", panel).focus(); });
    modes.append(element("p", { className: "field-help", textContent: said.help }), toggle);
    const body = previewing ? preview() : element("div", { className: "designer-body" }, sheet.edits ? palette() : "", canvas(), properties());
    const kept = document.activeElement?.dataset?.place;
    panel.replaceChildren(modes, body, live);
    if (kept) $(`[data-place="${CSS.escape(kept)}"]`, panel)?.focus();
  }

  function palette() {
    const list = element("div", { className: "palette-list" });
    const find = element("input", { type: "search", className: "form-control", placeholder: said.find });
    find.setAttribute("aria-label", said.find);
    const show = () => {
      const wanted = find.value.trim().toLowerCase();
      list.replaceChildren();
      for (const family of [...new Set(kinds.map((kind) => kind.family))]) {
        const found = kinds.filter((kind) => kind.family === family && (!wanted || `${kind.label} ${kind.name}`.toLowerCase().includes(wanted)));
        if (!found.length) continue;
        list.append(element("p", { className: "palette-family", textContent: family }), element("div", { className: "palette-kinds" }, ...found.map(paletteItem)));
      }
    };
    find.addEventListener("input", show);
    show();
    const aside = element("aside", { className: "palette" }, find, list);
    aside.setAttribute("aria-label", said.palette);
    return aside;
  }

  function paletteItem(kind) {
    const item = element("button", { type: "button", className: "palette-kind", textContent: kind.label });
    item.setAttribute("aria-label", fill(said.add, { name: kind.label }));
    item.addEventListener("click", () => {
      if (item.dataset.dragged) { delete item.dataset.dragged; return; }
      const target = chosen ? sections().find((section) => section.fields.includes(chosen)) : sections().at(-1);
      insert(kind, target || addSection(), chosen ? target.fields.indexOf(chosen) + 1 : Infinity);
    });
    dragStart(item, () => ({ kind, label: kind.label }));
    return item;
  }

  function canvas() {
    const box = element("div", { className: "canvas" }, ...sections().map(sectionCard));
    if (sheet.edits) {
      const more = element("button", { type: "button", className: "btn", textContent: said.section });
      more.addEventListener("click", () => { addSection(); changed(); });
      box.append(more);
    }
    return box;
  }

  function sectionCard(section, at) {
    const drop = element("div", { className: `canvas-fields columns-${section.columns || 2}` }, ...(section.fields || []).map((field, n) => fieldCard(field, section, n)));
    drop.dataset.section = at;
    if (!(section.fields || []).length) drop.append(element("p", { className: "canvas-empty", textContent: said.empty }));
    const head = element("div", { className: "canvas-head" }, element("h3", { textContent: words(section.title, said.untitled) }));
    if (sheet.edits) {
      const columns = element("select", { className: "form-select canvas-columns" }, ...[1, 2, 3].map((n) => element("option", { value: n, textContent: n, selected: n === (section.columns || 2) })));
      columns.setAttribute("aria-label", said.columns);
      columns.addEventListener("change", () => { section.columns = Number(columns.value); changed(); });
      head.append(columns, iconButton("arrow-up", said.up, () => shift(sections(), at, -1)), iconButton("arrow-down", said.down, () => shift(sections(), at, 1)));
      if (!section.fields?.length) head.append(iconButton("trash", said.remove, () => { sections().splice(at, 1); changed(); }));
    }
    return element("section", { className: "canvas-section" }, head, drop);
  }

  function fieldCard(field, section, n) {
    const kind = kindOf(field.kind);
    const name = words(field.label, field.key || said.untitled);
    const card = element("div", { className: `canvas-field${field === chosen ? " canvas-chosen" : ""}` },
      element("button", { type: "button", className: "canvas-open" },
        element("strong", {}, name, field.required ? element("span", { className: "required", textContent: " *" }) : ""),
        element("small", { textContent: kind.label })));
    const open = $(".canvas-open", card);
    open.dataset.place = `${sections().indexOf(section)}.${field.key}`;
    open.addEventListener("click", () => { if (!card.dataset.dragged) choose(field); delete card.dataset.dragged; });
    if (!sheet.edits) return card;
    card.append(iconButton("arrow-up", `${said.up}: ${name}`, () => step(field, -1)), iconButton("arrow-down", `${said.down}: ${name}`, () => step(field, 1)),
      iconButton("trash", `${said.remove}: ${name}`, () => remove(field)));
    card.dataset.field = n;
    open.addEventListener("keydown", (event) => {
      if (event.altKey && ["ArrowUp", "ArrowLeft"].includes(event.key)) { event.preventDefault(); step(field, -1); }
      else if (event.altKey && ["ArrowDown", "ArrowRight"].includes(event.key)) { event.preventDefault(); step(field, 1); }
      else if (event.key === "Delete") { event.preventDefault(); remove(field); }
    });
    dragStart(card, () => ({ field, label: name }), open);
    return card;
  }

  function iconButton(icon, label, act) {
    const button = element("button", { type: "button", className: "btn btn-icon", title: label }, svgIcon(icon));
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  }

  function properties() {
    if (!chosen || !fieldsPart) return element("div", { className: "designer-properties", hidden: true });
    const at = sections().findIndex((section) => section.fields?.includes(chosen));
    const path = `sections.${at}.fields.${sections()[at]?.fields.indexOf(chosen)}`;
    const close = iconButton("x", said.close, () => { chosen = null; draw(); });
    const inner = element("div", { className: "card-body" }, drawParts(fieldsPart.variants[chosen.kind] || [], chosen, path, sheet));
    const box = element("section", { className: "card designer-properties" },
      element("div", { className: "card-head" }, element("h2", { textContent: `${said.properties}: ${kindOf(chosen.kind).label}` }), close), inner);
    box.addEventListener("change", () => setTimeout(() => { refresh(); drawDocument(); }, 0));
    return box;
  }

  // Redraws the canvas beside open properties, so that what is being typed keeps its place.
  function refresh() {
    const old = $(".canvas", panel);
    if (old) old.replaceWith(canvas());
  }

  function choose(field) {
    chosen = field;
    draw();
    $(".designer-properties", panel)?.scrollIntoView({ block: "nearest" });
    $(".designer-properties input", panel)?.focus();
  }

  // ---- changes

  function addSection() {
    const taken = new Set(sections().map((section) => section.key));
    let number = sections().length + 1;
    while (taken.has(`section_${number}`)) number += 1;
    const made = { key: `section_${number}`, title: { zh: `分组 ${number}`, en: `Section ${number}` }, columns: 2, fields: [] };
    sections().push(made);
    return made;
  }

  function insert(kind, section, at) {
    const taken = new Set(sections().flatMap((each) => (each.fields || []).map((field) => field.key)));
    let number = 1;
    while (taken.has(`${kind.name}_${number}`)) number += 1;
    const made = { key: `${kind.name}_${number}`, kind: kind.name, label: { zh: kind.zh, en: kind.en }, options: structuredClone(kind.blank) };
    (section.fields ||= []).splice(at, 0, made);
    chosen = made;
    changed();
    announce(fill(said.added, { name: kind.label }));
  }

  function move(field, section, at) {
    const from = sections().find((each) => each.fields?.includes(field));
    const was = from.fields.indexOf(field);
    from.fields.splice(was, 1);
    const place = from === section && was < at ? at - 1 : at;
    (section.fields ||= []).splice(place, 0, field);
    changed();
    announce(fill(said.moved, { name: words(field.label, field.key), place: section.fields.indexOf(field) + 1, count: section.fields.length, section: words(section.title, said.untitled) }));
    $(`[data-place="${CSS.escape(`${sections().indexOf(section)}.${field.key}`)}"]`, panel)?.focus();
  }

  // One place on or back, across sections too.
  function step(field, by) {
    const at = sections().findIndex((section) => section.fields?.includes(field));
    const section = sections()[at];
    const next = section.fields.indexOf(field) + by;
    if (next >= 0 && next < section.fields.length) move(field, section, by > 0 ? next + 1 : next);
    else if (sections()[at + by]) move(field, sections()[at + by], by > 0 ? 0 : (sections()[at + by].fields || []).length);
  }

  function shift(list, at, by) {
    if (at + by < 0 || at + by >= list.length) return;
    list.splice(at + by, 0, ...list.splice(at, 1));
    changed();
  }

  function remove(field) {
    const section = sections().find((each) => each.fields?.includes(field));
    section.fields.splice(section.fields.indexOf(field), 1);
    if (chosen === field) chosen = null;
    changed();
    announce(fill(said.removed, { name: words(field.label, field.key) }));
  }

  // ---- dragging: one pointer, mouse or finger; a finger holds still for a moment first, so that pages still scroll

  const HOLD = 250;
  function dragStart(source, what, handle = source) {
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !sheet.edits) return;
      const begun = { x: event.clientX, y: event.clientY, touch: event.pointerType === "touch", ready: event.pointerType !== "touch" };
      let ghost = null;
      let target = null;
      const timer = begun.touch ? setTimeout(() => { begun.ready = true; begin(); }, HOLD) : 0;
      const begin = () => {
        if (ghost) return;
        source.dataset.dragged = "1";
        ghost = element("div", { className: "drag-ghost", textContent: what().label });
        document.body.append(ghost);
        panel.classList.add("dragging");
      };
      const follow = (moved) => {
        const far = Math.hypot(moved.clientX - begun.x, moved.clientY - begun.y);
        if (!begun.ready) { if (far > 8) stop(); return; }
        if (!ghost && far < 5) return;
        begin();
        moved.preventDefault();
        ghost.style.transform = `translate(${moved.clientX + 8}px, ${moved.clientY + 8}px)`;
        target = placeAt(moved.clientX, moved.clientY);
      };
      const finish = () => {
        const found = target;
        const dragged = Boolean(ghost);
        stop();
        if (dragged && found) {
          const thing = what();
          if (thing.field) move(thing.field, sections()[found.section], found.at);
          else insert(thing.kind, sections()[found.section], found.at);
        }
        setTimeout(() => delete source.dataset.dragged, 0);
      };
      const hold = (moved) => { if (ghost) moved.preventDefault(); };
      const cancel = (key) => { if (key.key === "Escape") { target = null; stop(); } };
      const stop = () => {
        clearTimeout(timer);
        ghost?.remove();
        panel.classList.remove("dragging");
        for (const mark of $$(".drop-mark", panel)) mark.remove();
        document.removeEventListener("pointermove", follow);
        document.removeEventListener("pointerup", finish);
        document.removeEventListener("pointercancel", stop);
        document.removeEventListener("touchmove", hold);
        document.removeEventListener("keydown", cancel);
      };
      document.addEventListener("pointermove", follow);
      document.addEventListener("pointerup", finish);
      document.addEventListener("pointercancel", stop);
      document.addEventListener("touchmove", hold, { passive: false });
      document.addEventListener("keydown", cancel);
    });
  }

  // Where a field would land; shown by a line.
  function placeAt(x, y) {
    for (const mark of $$(".drop-mark", panel)) mark.remove();
    const zone = document.elementsFromPoint(x, y).map((one) => one.closest?.(".canvas-fields") || $(":scope > .canvas-fields", one.closest?.(".canvas-section") || document.createElement("i"))).find(Boolean);
    if (!zone) return null;
    const cards = $$(".canvas-field", zone);
    const before = cards.find((card) => {
      const box = card.getBoundingClientRect();
      return y < box.top + box.height / 2 && x < box.right || (y < box.bottom && x < box.left + box.width / 2);
    });
    const mark = element("div", { className: "drop-mark" });
    if (before) before.before(mark); else zone.append(mark);
    return { section: Number(zone.dataset.section), at: before ? Number(before.dataset.field) : cards.length };
  }

  // ---- the preview: the form as people will fill it in

  function preview() {
    return element("div", { className: "card designer-preview" }, element("div", { className: "card-body" }, ...sections().map((section) =>
      element("fieldset", { className: "field-group" }, element("legend", { textContent: words(section.title, said.untitled) }),
        element("div", { className: `fields columns-${section.columns || 2}` }, ...(section.fields || []).map(previewed))))));
  }

  function previewed(field) {
    const kind = kindOf(field.kind);
    const id = `preview-${field.key}`;
    const label = element("label", { className: "form-label", htmlFor: id }, words(field.label, field.key), field.required ? element("span", { className: "required", textContent: " *" }) : "");
    const box = element("div", { className: `field${kind.wide ? " field-wide" : ""}` }, label, control(field, kind, id));
    const help = words(field.help, "");
    if (help) box.append(element("p", { className: "field-help", textContent: help }));
    return box;
  }

  function control(field, kind, id) {
    if (kind.computed) return element("div", { className: "readonly", id, textContent: said.computed });
    const choices = field.options?.choices;
    if (field.kind === "choices") return element("div", { className: "checks", id }, ...(choices || []).map((choice) => element("label", { className: "menu-check" }, element("input", { type: "checkbox", className: "form-check-input" }), words(choice.label, choice.value))));
    if (choices || ["cascade", "rating", "lookup", "person", "department"].includes(field.kind)) return element("select", { className: "form-select", id }, element("option", { textContent: said.choose }), ...(choices || []).map((choice) => element("option", { textContent: words(choice.label, choice.value) })));
    if (field.kind === "boolean") return element("input", { type: "checkbox", className: "form-check-input", id });
    if (kind.wide) return element("textarea", { className: "form-control", rows: 3, id });
    return element("input", { type: kind.input, className: "form-control", id, value: typeof field.default === "string" ? field.default : "" });
  }

  // ---- showing it

  tab.addEventListener("click", draw);
  draw();
  showTab(tab);
})();
