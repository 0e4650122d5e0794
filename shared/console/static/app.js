// The shell: requests, messages, dialogs, menus, search, tabs, shortcuts. Patterns have files of their own.
"use strict";

const texts = JSON.parse(document.getElementById("texts").textContent);
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const svgIcon = (name) => {
  const use = $("svg.icon use");
  const sprite = use ? use.getAttribute("href").split("#")[0] : "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = `<use href="${sprite}#${name}"></use>`;
  return svg;
};
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};
const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(name + "="))?.slice(name.length + 1);
const dropCookie = (name) => { document.cookie = `${name}=; path=/; max-age=0; samesite=lax`; };

// ---- messages

function toast(text, kind = "ok", more = null) {
  const close = element("button", { type: "button", className: "btn btn-icon" }, svgIcon("x"));
  close.setAttribute("aria-label", texts.close);
  const shown = element("div", { className: `toast-line toast-${kind}` },
    svgIcon(kind === "ok" ? "circle-check" : "alert-circle"), element("div", {}, text, more), close);
  close.addEventListener("click", () => shown.remove());
  document.getElementById("toasts").append(shown);
  if (kind === "ok") setTimeout(() => shown.remove(), 6000);
  return shown;
}

// A problem document, or nothing useful, as text and an element with the rest of it.
function problem(xhr) {
  let said = {};
  try { said = JSON.parse(xhr.responseText); } catch { /* not a problem document */ }
  const lines = [...(said.missing || []), ...Object.values(said.errors || {}).flat()];
  const more = lines.length || said.fix ? element("div", {}) : null;
  if (lines.length) more.append(element("ul", {}, ...lines.map((line) => element("li", { textContent: line }))));
  if (said.fix) more.append(element("a", { href: said.fix, textContent: texts.fix }));
  return { text: said.detail || said.title || (xhr.status === 403 ? texts.forbidden : texts.failed), more };
}

function signedOut() {
  const back = encodeURIComponent(location.pathname + location.search);
  toast(texts.signed_out, "warn", element("a", { href: `${document.body.dataset.login}?next=${back}`, textContent: texts.sign_in }));
}

document.addEventListener("crm:toast", (event) => toast(event.detail.text, event.detail.kind));
document.addEventListener("crm:refresh", (event) => {
  const list = document.getElementById("list");
  if (event.detail.what === "list" && list) {
    htmx.ajax("GET", location.pathname + location.search, { target: "#list", swap: "outerHTML" });
  } else {
    location.reload();
  }
});

// ---- requests

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = $("meta[name=csrf-token]").content;
});

// A refusal is never put into the page, whatever its status: it is told.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.getResponseHeader("Content-Type")?.startsWith("application/problem+json")) {
    event.detail.shouldSwap = false;
    event.detail.isError = true;
  }
});

// A part of the page that does not answer says so itself; everything else says so in a message.
function failed(event) {
  const part = event.target.closest?.("[data-part]");
  const xhr = event.detail.xhr;
  if (event.target.closest?.("[data-quiet]")) return;
  if (part && event.detail.target === part) {
    if (xhr && [403, 404].includes(xhr.status)) {
      part.replaceChildren(element("p", { className: "part-away" }, svgIcon("lock"), texts.part_forbidden));
      return;
    }
    const again = element("button", { type: "button", className: "btn", textContent: texts.retry });
    again.addEventListener("click", () => htmx.ajax("GET", part.getAttribute("hx-get") || part.dataset.from, { source: part, target: part }));
    part.replaceChildren(element("p", { className: "part-away" }, svgIcon("cloud-off"), texts.part_away), again);
    return;
  }
  if (xhr && xhr.status === 401) return signedOut();
  if (event.detail.handled) return;
  const refused = xhr && xhr.status ? problem(xhr) : { text: texts.unreachable, more: null };
  const dialog = event.target.closest?.("dialog[open]");
  const place = dialog && $("[data-refusal]", dialog);
  if (place) place.replaceChildren(element("div", { className: "notice notice-bad" }, svgIcon("alert-circle"), element("div", {}, refused.text, refused.more)));
  else toast(refused.text, "bad", refused.more);
}
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target;
  if (event.detail.successful && form.matches?.("[data-closes], [data-bulk-form]")) form.closest("dialog")?.close();
});

const offline = document.getElementById("offline");
const tellOffline = () => { offline.hidden = navigator.onLine; };
window.addEventListener("online", tellOffline);
window.addEventListener("offline", tellOffline);

// ---- dialogs and questions

function ask(question) {
  const dialog = document.getElementById("confirm");
  $("#confirm-text").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed || form.hasAttribute("hx-post")) return;
  event.preventDefault();
  if (await ask(form.dataset.confirm)) {
    form.dataset.confirmed = "1";
    form.requestSubmit(event.submitter);
  }
});
document.addEventListener("htmx:confirm", async (event) => {
  const question = event.detail.elt.dataset.confirm;
  if (!question) return;
  event.preventDefault();
  if (await ask(question)) event.detail.issueRequest(true);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) openDialog(opener.dataset.open, opener);
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    htmx.ajax("GET", link.href, { target: "#dialog" }).then(() => document.getElementById("dialog").showModal());
  }
  if (event.target.matches("dialog")) event.target.close();  // the backdrop
  for (const menu of $$("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// The dialogs of a list come when the first of them is opened.
async function openDialog(id) {
  const kept = document.getElementById("list-dialogs");
  if (kept && !kept.childElementCount && !document.getElementById(id)) {
    await htmx.ajax("GET", document.getElementById("list").dataset.dialogs, { source: kept, target: kept });
  }
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  for (const menu of $$("details.menu[open]")) menu.open = false;
  dialog.dispatchEvent(new CustomEvent("crm:open", { bubbles: true }));
  dialog.showModal();
}

// ---- menus

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu") || !menu.open) return;
  for (const other of $$("details.menu[open]")) if (other !== menu && !other.contains(menu)) other.open = false;
  if (menu.dataset.load) {
    const into = document.getElementById(menu.dataset.into);
    into.dataset.from = menu.dataset.load;
    htmx.ajax("GET", menu.dataset.load, { source: into, target: into });
  }
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]") || $("details.menu[open]");
  if (menu) {
    menu.open = false;
    $("summary", menu).focus();
  }
});

// ---- tabs of a record

function showTab(tab) {
  for (const other of $$("[role=tab]", tab.parentElement)) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  const part = $("[data-part]", document.getElementById(tab.getAttribute("aria-controls")));
  if (part) htmx.trigger(part, "crm:shown");
  history.replaceState(history.state, "", `#${tab.id.slice(4)}`);
}
document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) showTab(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const all = $$("[role=tab]", tab.parentElement);
  const next = all[(all.indexOf(tab) + step + all.length) % all.length];
  next.focus();
  showTab(next);
});

// ---- search over all services

const search = document.getElementById("search");
if (search) {
  const input = $("#search-q");
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    const long = input.value.trim().length >= 2;
    search.classList.toggle("searching", long);
    if (long) waiting = setTimeout(() => $$("[data-search-part]", search).forEach((part) => htmx.trigger(part, "crm:search")), 250);
    else $$("[data-search-part]", search).forEach((part) => part.replaceChildren());
  });
  $("[data-search]").addEventListener("submit", (event) => {
    event.preventDefault();
    $("a.hit", search)?.click();
  });
  search.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [input, ...$$("a.hit", search)];
    stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + step))].focus();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 204 && event.detail.target.matches("[data-search-part]")) event.detail.target.replaceChildren();
  });
}

// ---- shortcuts

let lead = "";
const typing = (target) => target.closest("input, textarea, select, [contenteditable]") && target.type !== "checkbox";
const keys = {
  "/": () => openDialog("search"),
  "?": () => openDialog("shortcuts"),
  n: () => $("[data-new]")?.click(),
  f: () => openDialog("filter-dialog"),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => document.activeElement.closest("tr")?.querySelector("[data-row]")?.click(),
};
function moveRow(step) {
  const links = $$(".list-table tbody .cell-head a, .board-title a");
  const at = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
  if (lead === "g") {
    lead = "";
    $(`[data-go="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  if (event.key === "g") {
    lead = "g";
    setTimeout(() => { lead = ""; }, 1200);
  } else if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

// ---- at the start of each page

tellOffline();
const said = cookie("crm_toast");
if (said) {
  dropCookie("crm_toast");
  toast(decodeURIComponent(said.replace(/^"|"$/g, "")));
}
const named = location.hash && document.getElementById(`tab-${location.hash.slice(1)}`);
if (named) document.addEventListener("DOMContentLoaded", () => showTab(named));
