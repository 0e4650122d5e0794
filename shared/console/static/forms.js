// Forms: what was typed is kept until the server takes it, search-and-choose boxes, conflicts.
"use strict";

const KEEP_DAYS = 7;
const draftKey = (form) => `crm-draft:${document.body.dataset.reader}:${form.dataset.draft}`;
const kept = (control) => control.name && !["password", "file", "submit"].includes(control.type)
  && !["csrf_token", "version"].includes(control.name);

// ---- drafts

function readForm(form) {
  const values = {};
  for (const control of form.elements) {
    if (!kept(control)) continue;
    const one = ["checkbox", "radio"].includes(control.type) ? [control.value, control.checked] : [control.value];
    (values[control.name] ||= []).push(one);
  }
  return values;
}

function fillForm(form, values) {
  const seen = {};
  for (const control of form.elements) {
    if (!kept(control)) continue;
    const place = (seen[control.name] = (seen[control.name] ?? -1) + 1);
    const one = values[control.name]?.[place];
    if (!one) continue;
    if (one.length > 1) control.checked = one[1];
    else control.value = one[0];
  }
  form.dispatchEvent(new CustomEvent("crm:filled", { bubbles: true }));
}

function keepDraft(form) {
  if (form.dataset.draftKeep !== undefined) return;
  const values = readForm(form);
  const changed = JSON.stringify(values) !== form.crmStart;
  try {
    if (changed) localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), values, version: form.elements.version?.value }));
    else localStorage.removeItem(draftKey(form));
  } catch { /* storage full or forbidden: the form works without */ }
}

function watchDraft(form) {
  if (form.crmStart !== undefined) return;
  form.crmStart = JSON.stringify(readForm(form));
  if (form.dataset.draftKeep !== undefined) return;
  const refused = $("[data-form-errors]", form);
  if (refused) refused.focus();
  let found = null;
  try { found = JSON.parse(localStorage.getItem(draftKey(form)) || "null"); } catch { /* unreadable: none */ }
  if (!found || refused || JSON.stringify(found.values) === form.crmStart) return;
  const fresh = JSON.parse(form.crmStart);
  fillForm(form, found.values);
  const version = form.elements.version;
  const freshVersion = version?.value;
  // typed over an earlier version: saving shows both
  if (version && found.version) version.value = found.version;
  const drop = element("button", { type: "button", className: "link", textContent: texts.drop_draft });
  drop.addEventListener("click", () => {
    fillForm(form, fresh);
    if (version) version.value = freshVersion;
    localStorage.removeItem(draftKey(form));
    $("[data-draft-state]", form).replaceChildren();
  });
  $("[data-draft-state]", form)?.replaceChildren(texts.draft + " ", drop);
}

function forgetAccepted() {
  const accepted = cookie("crm_accepted");
  if (accepted) {
    localStorage.removeItem(`crm-draft:${document.body.dataset.reader}:${decodeURIComponent(accepted.replace(/^"|"$/g, ""))}`);
    dropCookie("crm_accepted");
  }
  const oldest = Date.now() - KEEP_DAYS * 86400000;
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("crm-draft:"))) {
    try { if (JSON.parse(localStorage.getItem(key)).at < oldest) localStorage.removeItem(key); } catch { localStorage.removeItem(key); }
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.dataset.draft) keepDraft(form);
});
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.dataset.draft) keepDraft(form);
});

// A double click must not make two records.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => delete form.dataset.sent));

// ---- search-and-choose boxes

function watchCombo(combo) {
  if (combo.crmWatched) return;
  combo.crmWatched = true;
  const input = $("[role=combobox]", combo);
  const hidden = $("input[type=hidden]", combo);
  const list = $("[role=listbox]", combo);
  let waiting = 0;
  let asked = 0;
  const options = () => $$("[role=option][data-value]", list);
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    hidden.value = option.dataset.value;
    input.value = option.dataset.label;
    close();
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const mark = (option) => {
    options().forEach((other) => other.setAttribute("aria-selected", other === option));
    if (option) input.setAttribute("aria-activedescendant", option.id);
    option?.scrollIntoView({ block: "nearest" });
  };
  const load = async () => {
    const mine = ++asked;
    let items = [];
    try {
      const answer = await fetch(`${combo.dataset.combo}${combo.dataset.combo.includes("?") ? "&" : "?"}q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } });
      items = (await answer.json()).items || [];
    } catch { /* shown as no options */ }
    if (mine !== asked) return;
    list.replaceChildren(...items.map((item, place) => {
      const line = element("li", { id: `${list.id}-${place}` }, element("span", { textContent: item.label }));
      if (item.hint) line.append(element("small", { textContent: item.hint }));
      line.setAttribute("role", "option");
      line.dataset.value = item.value;
      line.dataset.label = item.label;
      line.addEventListener("mousedown", (event) => { event.preventDefault(); choose(line); });
      return line;
    }));
    if (!items.length) {
      const none = element("li", { className: "combo-none", textContent: texts.no_options });
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(options()[0]);
  };
  input.addEventListener("input", () => {
    hidden.value = "";
    clearTimeout(waiting);
    waiting = setTimeout(load, 200);
  });
  input.addEventListener("focus", load);
  input.addEventListener("blur", () => {
    asked++;
    close();
    if (!hidden.value) input.value = "";
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !list.hidden) {
      event.preventDefault();
      mark(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && !list.hidden && all[at]) {
      event.preventDefault();
      choose(all[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
}

// ---- conflicts: the side that is chosen is the one whose values are sent

document.addEventListener("change", (event) => {
  const choice = event.target.closest("[data-keep]");
  if (!choice) return;
  const field = choice.closest("fieldset");
  const sent = $("span[data-side]", field);
  const other = $("template[data-side]", field);
  if (sent.dataset.side === choice.value) return;
  const inputs = [...sent.childNodes];
  sent.replaceChildren(...other.content.childNodes);
  other.content.replaceChildren(...inputs);
  [sent.dataset.side, other.dataset.side] = [other.dataset.side, sent.dataset.side];
});

function watchForms(root) {
  $$("form[data-draft]", root).forEach(watchDraft);
  if (root.matches?.("form[data-draft]")) watchDraft(root);
  $$("[data-combo]", root).forEach(watchCombo);
}
forgetAccepted();
watchForms(document);
document.addEventListener("htmx:load", (event) => watchForms(event.detail.elt));
