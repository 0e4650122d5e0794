// Controls of the company's own fields: shown by condition, rows of sub-tables, emphasis in rich text.
"use strict";

(() => {
  // ---- shown when: the part of the condition language a form can answer by itself; the server decides in the end

  const valueOf = (form, name) => {
    const found = form.elements.namedItem(name);
    if (!found) return undefined;
    if (found.type === "checkbox") return found.checked;
    const boxes = $$(`input[type=checkbox][name="${CSS.escape(name)}"]`, form);
    if (boxes.length) return boxes.filter((box) => box.checked).map((box) => box.value);
    return found.value;
  };
  const blank = (value) => value === "" || value === false || (Array.isArray(value) && !value.length);
  const number = (value) => (value === "" || value === null || Number.isNaN(Number(value)) ? null : Number(value));
  const compared = (left, right) => {
    const [a, b] = [number(left), number(right)];
    return a !== null && b !== null ? a - b : String(left).localeCompare(String(right));
  };
  const among = (value, wanted) => (Array.isArray(value) ? value.some((one) => wanted.includes(one)) : wanted.map(String).includes(String(value)));
  const TESTS = {
    eq: (value, wanted) => (typeof wanted === "boolean" ? value === wanted : !blank(value) && compared(value, wanted) === 0),
    ne: (value, wanted) => !TESTS.eq(value, wanted),
    in: (value, wanted) => among(value, wanted),
    not_in: (value, wanted) => !among(value, wanted),
    contains: (value, wanted) => (Array.isArray(value) ? value.includes(wanted) : String(value).toLowerCase().includes(String(wanted).toLowerCase())),
    not_contains: (value, wanted) => !TESTS.contains(value, wanted),
    is_empty: (value) => blank(value),
    is_not_empty: (value) => !blank(value),
    gt: (value, wanted) => !blank(value) && compared(value, wanted) > 0,
    ge: (value, wanted) => !blank(value) && compared(value, wanted) >= 0,
    lt: (value, wanted) => !blank(value) && compared(value, wanted) < 0,
    le: (value, wanted) => !blank(value) && compared(value, wanted) <= 0,
  };
  // True, false, or null where the form alone cannot tell: then the field stays in sight.
  function holds(condition, form) {
    if (condition.all || condition.any) {
      const parts = (condition.all || condition.any).map((part) => holds(part, form));
      const settling = !condition.all;
      if (parts.includes(settling)) return settling;
      return parts.includes(null) ? null : !settling;
    }
    if (condition.not) {
      const inner = holds(condition.not, form);
      return inner === null ? null : !inner;
    }
    const value = valueOf(form, condition.field);
    const test = TESTS[condition.op];
    if (value === undefined || !test || (condition.value && typeof condition.value === "object" && !Array.isArray(condition.value))) return null;
    return test(value, condition.value);
  }
  function showFields(form) {
    for (const box of $$("[data-when]", form)) box.hidden = holds(JSON.parse(box.dataset.when), form) === false;
  }

  // ---- rows of a sub-table, kept as JSON in the control they stand for

  function rowsOf(source) {
    const columns = JSON.parse(source.dataset.rows);
    let rows = [];
    try { rows = JSON.parse(source.value || "[]"); } catch { return; }
    if (!Array.isArray(rows)) return;
    const write = () => {
      source.value = rows.length ? JSON.stringify(rows) : "";
      source.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const table = element("table", { className: "table simple-table own-rows" });
    const draw = () => {
      const head = element("tr", {}, ...columns.map(([, title]) => element("th", { scope: "col", textContent: title })), element("th", {}));
      table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows.map((row, at) => element("tr", {},
        ...columns.map(([key, title, type]) => element("td", {}, cell(row, key, title, type))),
        element("td", {}, button("trash", texts.remove_row, () => { rows.splice(at, 1); write(); draw(); }))))));
    };
    const cell = (row, key, title, type) => {
      const given = row[key];
      const input = element("input", { type, className: type === "checkbox" ? "form-check-input" : "form-control", value: given?.amount ?? given ?? "" });
      if (type === "checkbox") input.checked = given === true;
      input.setAttribute("aria-label", title);
      input.addEventListener("input", () => {
        if (type === "checkbox") row[key] = input.checked;
        else if (input.value === "") delete row[key];
        else row[key] = input.value;
        write();
      });
      return input;
    };
    const button = (icon, label, act) => {
      const made = element("button", { type: "button", className: "btn btn-icon", title: label }, svgIcon(icon));
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    source.hidden = true;
    source.after(element("div", { className: "table-wrap" }, table), button("plus", texts.add_row, () => { rows.push({}); draw(); $$("tbody tr:last-child input", table)[0]?.focus(); }));
    draw();
  }

  // ---- rich text: an editable box that writes clean HTML into its control; the server cleans again

  const COMMANDS = [["bold", "B"], ["italic", "I"], ["underline", "U"], ["insertUnorderedList", "•"], ["insertOrderedList", "1."]];
  function richOf(source) {
    const box = element("div", { className: "form-control rich-box", contentEditable: "true" });
    box.setAttribute("role", "textbox");
    box.setAttribute("aria-multiline", "true");
    const label = source.id && $(`label[for="${CSS.escape(source.id)}"]`);
    box.setAttribute("aria-label", label ? label.textContent.trim() : source.name);
    box.append(...new DOMParser().parseFromString(source.value, "text/html").body.childNodes);  // cleaned by the server before
    const write = () => {
      source.value = box.innerHTML;
      source.dispatchEvent(new Event("input", { bubbles: true }));
    };
    box.addEventListener("input", write);
    box.addEventListener("paste", (event) => {
      event.preventDefault();
      document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
    });
    const bar = element("div", { className: "rich-bar" }, ...COMMANDS.map(([command, sign]) => {
      const made = element("button", { type: "button", className: "btn btn-icon rich-button" });
      made.dataset.sign = sign;
      made.setAttribute("aria-label", texts[`rich_${command}`] || command);
      made.addEventListener("mousedown", (event) => event.preventDefault());
      made.addEventListener("click", () => { box.focus(); document.execCommand(command); write(); });
      return made;
    }));
    source.hidden = true;
    source.after(bar, box);
  }

  function enhance(root) {
    for (const source of $$("textarea[data-rows]:not([hidden])", root)) rowsOf(source);
    for (const source of $$("textarea[data-rich]:not([hidden])", root)) richOf(source);
    for (const form of $$("form", root)) showFields(form);
  }
  document.addEventListener("input", (event) => event.target.form && showFields(event.target.form));
  document.addEventListener("change", (event) => event.target.form && showFields(event.target.form));
  document.addEventListener("htmx:load", (event) => enhance(event.target));
  enhance(document);
})();
