// The record kit on a record's page: names offered after an @, tags by a tap, which filter is pressed.
(() => {
  const $$ = (what, root = document) => [...root.querySelectorAll(what)];

  function watchMentions(form) {
    const box = form.querySelector("textarea");
    if (!box || form.crmMentions) return;
    form.crmMentions = true;
    const list = document.createElement("ul");
    list.className = "combo-list mention-list";
    list.setAttribute("role", "listbox");
    list.hidden = true;
    box.after(list);
    let asked = 0;
    const close = () => { asked++; list.hidden = true; list.replaceChildren(); };
    const typed = () => /@([^\s@]{0,30})$/u.exec(box.value.slice(0, box.selectionStart));
    const choose = (line) => {
      const found = typed();
      if (!found) return close();
      const start = box.selectionStart - found[1].length;
      const name = line.dataset.several ? `${line.dataset.label}(${line.dataset.hint})` : line.dataset.label;
      box.setRangeText(`${name} `, start, box.selectionStart, "end");
      close();
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    };
    const mark = (line) => $$("[role=option]", list).forEach((other) => other.setAttribute("aria-selected", other === line));
    const load = async () => {
      const found = typed();
      if (!found) return close();
      const mine = ++asked;
      let items = [];
      try {
        const answer = await fetch(`${form.dataset.mentions}?q=${encodeURIComponent(found[1])}`, { headers: { Accept: "application/json" } });
        items = (await answer.json()).items || [];
      } catch { /* nothing is offered */ }
      if (mine !== asked) return;
      list.replaceChildren(...items.map((item) => {
        const line = document.createElement("li");
        const name = document.createElement("span");
        const hint = document.createElement("small");
        name.textContent = item.label;
        hint.textContent = item.hint || "";
        line.append(name, hint);
        line.setAttribute("role", "option");
        Object.assign(line.dataset, { label: item.label, hint: item.email || "" });
        if (item.several) line.dataset.several = "1";
        line.addEventListener("mousedown", (event) => { event.preventDefault(); choose(line); });
        return line;
      }));
      list.hidden = !items.length;
      mark(list.firstElementChild);
    };
    box.addEventListener("input", load);
    box.addEventListener("blur", close);
    box.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const all = $$("[role=option]", list);
      const at = all.findIndex((line) => line.getAttribute("aria-selected") === "true");
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) mark(all[(at + step + all.length) % all.length]);
      else if ((event.key === "Enter" || event.key === "Tab") && all[at]) choose(all[at]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  document.addEventListener("click", (event) => {
    const tag = event.target.closest("[data-tag]");
    if (tag) {
      const box = tag.closest("form").querySelector("[name=tags]");
      const names = box.value.split(/[,，]/u).map((name) => name.trim()).filter(Boolean);
      const at = names.indexOf(tag.dataset.tag);
      if (at < 0) names.push(tag.dataset.tag); else names.splice(at, 1);
      box.value = names.join(", ");
    }
    const pressed = event.target.closest("[data-pressed-group]");
    if (pressed) $$("[data-pressed-group]", pressed.parentElement).forEach((other) => other.setAttribute("aria-pressed", other === pressed));
  });
  const begin = (root) => $$("form[data-mentions]", root).forEach(watchMentions);
  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("htmx:load", (event) => begin(event.target));
})();
