// The definition editor: the document, its draft on the server and in this browser, undo, problems, changes, conflicts.
"use strict";

const definitionFacts = JSON.parse($("[data-definition-facts]").textContent);
const definitionTexts = definitionFacts.texts;
const KEEP_KEY = `crm-draft:${document.body.dataset.reader}:${definitionFacts.key}`;
const SAVE_AFTER = 900;  // milliseconds of rest
const UNDO_STEPS = 100;

// The same text for the same document, whatever the order in which a database or a template gave its members back.
const sorted = (value) => (Array.isArray(value) ? value.map(sorted) : value && typeof value === "object" ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value);
const canonical = (value) => JSON.stringify(sorted(value));

let page = { title: definitionFacts.title, body: definitionFacts.body };  // the document as it stands
let saved = canonical(page);
let state = definitionFacts;  // what the server said last
let versionSeen = definitionFacts.version;
let saving = null;
let waiting = 0;
let conflict = null;
const past = [];
const future = [];
let step = JSON.stringify(page);
const unsaved = () => canonical(page) !== saved;

// ---- drawing

const sheet = { facts: definitionFacts, edits: Boolean(definitionFacts.edits), changed: documentChanged, problems: showProblems, open: new WeakSet() };
const TITLE = { name: "title", kind: "pair", label: "", required: true };

function drawDocument() {
  const root = $("[data-fields]");
  const heading = element("section", { className: "card" }, element("div", { className: "card-body" },
    drawParts([{ ...TITLE, label: definitionTexts.title }], page, "", sheet)));
  const sections = [];
  const plain = definitionFacts.parts.filter((part) => !["rows", "map", "group", "condition"].includes(part.kind));
  const large = definitionFacts.parts.filter((part) => !plain.includes(part));
  if (plain.length) sections.push(element("section", { className: "card" }, element("div", { className: "card-body" }, drawParts(plain, page.body, "", sheet))));
  for (const part of large) {
    const title = element("h2", { textContent: part.label });
    title.id = `${idOf(part.name)}-title`;
    const section = element("section", { className: "card" }, element("div", { className: "card-head" }, title),
      element("div", { className: "card-body" }, drawPlace({ ...part, label: "", only_if: undefined }, page.body, part.name, part.name, sheet)));
    section.setAttribute("aria-labelledby", title.id);
    if (part.only_if) section.crmShown = () => { section.hidden = !part.only_if[1].includes(page.body[part.only_if[0]]); };
    sections.push(section);
  }
  root.replaceChildren(heading, ...sections);
  showSections();
  if (!sheet.edits) disableAll(root);
  showProblems();
}
// A section may depend on a value elsewhere in the document.
function showSections() {
  for (const section of $("[data-fields]").children) section.crmShown?.();
}
function writeJson() {
  const box = $("[data-json]");
  if (document.activeElement !== box) box.value = JSON.stringify(page.body, null, 2);
}

// ---- what is wrong, and where

function showProblems() {
  const root = $("[data-fields]");
  for (const old of $$("[data-problem]", root)) old.remove();
  for (const marked of $$(".row-wrong", root)) marked.classList.remove("row-wrong");
  for (const problem of state.problems) {
    const place = placeOf(problem.at);
    if (!place) continue;
    for (let card = place.closest(".row-card"); card; card = card.parentElement.closest(".row-card")) card.classList.add("row-wrong");
    if (place.matches(".row-card") && problem.at !== place.dataset.at) continue;
    const line = element("p", { className: `field-error problem-${problem.level}` }, svgIcon(problem.level === "error" ? "alert-circle" : "alert-triangle"), problem.text);
    line.dataset.problem = "";
    (place.matches(".row-card") ? $(":scope > .row-body", place) : place).append(line);
  }
}
// The place itself, or the nearest one around it that is drawn.
function placeOf(at) {
  for (let path = at; path; path = path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "") {
    const found = $(`[data-fields] [data-at="${CSS.escape(path)}"]`);
    if (found) return found;
  }
  return null;
}
function goTo(at) {
  showTab($("#tab-fields"));
  const steps = at.split(".");
  for (let length = 1; length <= steps.length; length += 1) {
    const card = $(`[data-fields] .row-card[data-at="${CSS.escape(steps.slice(0, length).join("."))}"]`);
    card?.crmShow(true);
  }
  const place = placeOf(at);
  place?.scrollIntoView({ block: "center" });
  (place && $("input:not([type=hidden]), select, textarea, button", place))?.focus();
}
function nameOfPlace(at) {
  const card = placeOf(at)?.closest(".row-card");
  const label = placeOf(at) && $(".form-label", placeOf(at))?.textContent.replace(" *", "");
  const part = definitionFacts.parts.find((one) => one.name === at.split(".")[0]);
  return [part?.label, card && $(".row-title", card)?.textContent, card && label].filter(Boolean).join(" › ") || at;
}
function drawState() {
  const errors = state.problems.filter((problem) => problem.level === "error");
  const warnings = state.problems.filter((problem) => problem.level !== "error");
  const line = (problem) => {
    const go = element("button", { type: "button", className: "problem-go" }, svgIcon(problem.level === "error" ? "alert-circle" : "alert-triangle"),
      element("span", {}, problem.text, problem.at ? element("small", { textContent: nameOfPlace(problem.at) }) : null));
    go.addEventListener("click", () => goTo(problem.at));
    return element("li", { className: `problem-${problem.level}` }, go);
  };
  const heading = (text, count) => element("p", { className: "problems-head", textContent: text.replace("%(n)s", count) });
  const said = [];
  if (state.has_draft && state.based_on < state.revision) said.push(element("p", { className: "field-help", textContent: definitionTexts.base_moved.replace("%(n)s", state.revision) }));
  if (errors.length) said.push(heading(definitionTexts.problems, errors.length), element("ul", { className: "problem-lines" }, ...errors.map(line)));
  if (warnings.length) said.push(heading(definitionTexts.warnings, warnings.length), element("ul", { className: "problem-lines" }, ...warnings.map(line)));
  if (!errors.length && state.has_draft) said.push(element("p", { className: "all-well" }, svgIcon("circle-check"), definitionTexts.no_problems));
  $("[data-problems]").replaceChildren(...said);
  drawChanges();
  const badge = $("[data-draft-badge]");
  badge.hidden = !state.has_draft;
  for (const only of $$("[data-draft-only]")) only.hidden = !state.has_draft;
  if ($("[data-publish]")) $("[data-publish]").disabled = !state.has_draft;
  showProblems();
}
function changeLine(change) {
  const colours = { added: "green", removed: "red", moved: "azure", changed: "yellow" };
  const sides = element("div", { className: "change-sides" });
  if (change.how !== "added") sides.append(element("del", { textContent: change.before || "–" }));
  if (change.how !== "removed") sides.append(element("ins", { textContent: change.after || "–" }));
  return element("li", {}, element("p", { className: "change-place" }, element("span", { className: `badge badge-${colours[change.how]}`, textContent: definitionTexts[change.how] }), change.place), sides);
}
function drawChanges() {
  const count = $("[data-change-count]");
  count.hidden = !state.changes.length;
  count.textContent = state.changes.length;
  const text = !state.revision ? definitionTexts.first : state.changes.length ? definitionTexts.changes.replace("%(n)s", state.changes.length).replace("%(v)s", state.revision) : definitionTexts.no_changes;
  $("[data-changes]").replaceChildren(element("p", { className: "problems-head", textContent: text }), element("ul", { className: "change-lines" }, ...state.changes.map(changeLine)));
}
function tell(text, more = null) {
  $("[data-save-state]").replaceChildren(text, more ? " " : "", more || "");
}
function tellSaved() {
  tell(state.has_draft ? [definitionTexts.saved, state.saved, state.saved_by].filter(Boolean).join(" · ") : definitionTexts.no_draft);
}

// ---- the draft

function documentChanged() {
  clearTimeout(documentChanged.coalesce);
  documentChanged.coalesce = setTimeout(rememberStep, 350);
  keepHere();
  writeJson();
  showSections();
  clearTimeout(waiting);
  if (!conflict) waiting = setTimeout(save, SAVE_AFTER);
  tell(definitionTexts.unsaved);
}
function keepHere() {
  try {
    if (unsaved()) localStorage.setItem(KEEP_KEY, JSON.stringify({ at: Date.now(), version: versionSeen, document: page }));
    else localStorage.removeItem(KEEP_KEY);
  } catch { /* storage full or forbidden: the server keeps the draft */ }
}
// Saves what is unsaved; one request at a time. True when the server has all of it.
async function save() {
  clearTimeout(waiting);
  if (saving) {
    await saving;
    return unsaved() && !conflict ? save() : !unsaved();
  }
  if (!unsaved() || !sheet.edits) {
    tellSaved();  // what was changed was changed back
    return true;
  }
  saving = send();
  const well = await saving;
  saving = null;
  if (well && unsaved() && !conflict) return save();
  return well;
}
async function send() {
  const text = JSON.stringify(page);
  const sent = canonical(page);
  tell(definitionTexts.saving);
  const form = new FormData();
  form.set("document", text);
  form.set("version", versionSeen);
  let answer;
  try {
    answer = await fetch(`${definitionFacts.url}/draft`, { method: "POST", body: form, headers: { "X-CSRF-Token": $("meta[name=csrf-token]").content, Accept: "application/json" } });
  } catch {
    tell(definitionTexts.offline);
    return false;
  }
  if (answer.status === 401) {
    tell(definitionTexts.unsaved);
    signedOut();
    return false;
  }
  const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  if (answer.status === 409 && said.theirs) {
    conflict = said;
    askWhichStays();
    return false;
  }
  if (!answer.ok) {
    tell(said.detail || said.title || texts.failed);
    return false;
  }
  saved = sent;
  state = { ...state, ...said };
  versionSeen = said.version;
  keepHere();
  drawState();
  tellSaved();
  return true;
}
window.addEventListener("online", () => { if (unsaved() && !conflict) save(); });
window.addEventListener("pagehide", keepHere);
document.addEventListener("visibilitychange", () => { if (document.hidden && unsaved() && !conflict) save(); });

// ---- two people on one draft: per part, which stays

function askWhichStays() {
  const named = definitionTexts.conflict.replace("%(name)s", conflict.by || definitionTexts.saved_one);
  const mine = conflict.changes.map((change) => ({ ...change, top: change.at.split(".")[0] }));
  const tops = [...new Set([...Object.keys(page.body), ...Object.keys(conflict.theirs.body)])]
    .filter((name) => canonical(page.body[name] ?? null) !== canonical(conflict.theirs.body[name] ?? null));
  const side = (name, value, heading, lines, checked) => {
    const radio = element("input", { type: "radio", className: "form-check-input", name: `keep-${name}`, value, checked });
    return element("label", { className: "conflict-side" }, radio, element("span", {}, element("small", { textContent: heading }), element("ul", { className: "conflict-lines" }, ...lines.map((line) => element("li", { textContent: line })))));
  };
  const told = (name, key) => {
    const lines = mine.filter((change) => change.top === name || (!change.at && change.place.startsWith(conflict.labels[name]))).map((change) => {
      const place = change.place.split(" › ").slice(1).join(" › ");
      const value = change[key] || "–";
      return place ? `${place}: ${value}` : value;
    });
    return lines.length ? lines : [JSON.stringify((key === "after" ? page : conflict.theirs).body[name] ?? null)];
  };
  $("[data-conflict]").replaceChildren(
    element("div", { className: "notice notice-warn" }, svgIcon("git-compare"), element("div", { textContent: `${named} (${conflict.at})` })),
    element("div", { className: "conflicts" }, ...tops.map((name) => element("fieldset", { className: "conflict" },
      element("legend", { textContent: conflict.labels[name] || name }),
      side(name, "mine", definitionTexts.yours, told(name, "after"), true),
      side(name, "theirs", conflict.by || definitionTexts.saved_one, told(name, "before"), false)))));
  const again = element("button", { type: "button", className: "link", textContent: definitionTexts.changed });
  again.addEventListener("click", askWhichStays);
  tell(named, again);
  const dialog = document.getElementById("definition-conflict");
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
}
document.getElementById("definition-conflict").addEventListener("close", (event) => {
  const answer = event.target.returnValue;
  if (!conflict || !["choice", "theirs"].includes(answer)) return;  // Escape: it stays open to be settled, and is kept here
  const kept = structuredClone(conflict.theirs);
  if (answer === "choice") {
    for (const choice of $$("[data-conflict] input:checked")) {
      const name = choice.name.slice(5);
      if (choice.value !== "mine") continue;
      if (name in page.body) kept.body[name] = page.body[name];
      else delete kept.body[name];
    }
    kept.title = page.title;
  }
  saved = canonical(conflict.theirs);
  versionSeen = conflict.version;
  conflict = null;
  page = kept;
  rememberStep();
  drawDocument();
  writeJson();
  keepHere();
  save().then(() => { if (!unsaved()) location.reload(); });
});

// ---- undo

function rememberStep() {
  const now = JSON.stringify(page);
  if (now === step) return;
  past.push(step);
  if (past.length > UNDO_STEPS) past.shift();
  future.length = 0;
  step = now;
  showSteps();
}
function showSteps() {
  if (!$("[data-undo]")) return;
  $("[data-undo]").disabled = !past.length;
  $("[data-redo]").disabled = !future.length;
}
function stepTo(from, to) {
  rememberStep();
  if (!from.length) return;
  to.push(step);
  step = from.pop();
  page = JSON.parse(step);
  drawDocument();
  documentChanged();
  showSteps();
}
$("[data-undo]")?.addEventListener("click", () => stepTo(past, future));
$("[data-redo]")?.addEventListener("click", () => stepTo(future, past));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, dialog") || !sheet.edits) return;
  if (event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) stepTo(future, past);
    else stepTo(past, future);
  }
});

// ---- as JSON

$("[data-json]").addEventListener("input", (event) => {
  const told = $("[data-json-error]");
  let read;
  try {
    read = JSON.parse(event.target.value);
  } catch (error) {
    told.hidden = false;
    told.textContent = definitionTexts.bad_json.replace("%(why)s", error.message);
    return;
  }
  if (read === null || typeof read !== "object" || Array.isArray(read)) {
    told.hidden = false;
    told.textContent = definitionTexts.not_object;
    return;
  }
  told.hidden = true;
  page.body = read;
  drawDocument();
  documentChanged();
});

// ---- trying and publishing: of what is saved

async function openDialogOf(address, wide) {
  if (!(await save())) return;
  const dialog = document.getElementById("dialog");
  await htmx.ajax("GET", address, { target: "#dialog" });
  dialog.classList.toggle("dialog-wide", wide);
  if (!dialog.open && dialog.firstChild) dialog.showModal();
}
$("[data-publish]")?.addEventListener("click", () => openDialogOf(`${definitionFacts.url}/publish`, true));
$("[data-try]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await save()) htmx.trigger(event.target, "crm:try");
});
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = document.getElementById("dialog");
  if (event.detail.target !== dialog || !event.detail.requestConfig.elt.matches?.("[data-try]")) return;
  dialog.classList.add("dialog-wide");
  if (!dialog.open) dialog.showModal();
});
document.getElementById("dialog").addEventListener("close", (event) => {
  event.target.classList.remove("dialog-wide");
  event.target.replaceChildren();
});
$("[data-discard]")?.addEventListener("submit", (event) => {
  if (!event.target.dataset.confirmed) return;
  clearTimeout(waiting);
  saved = canonical(page);
  localStorage.removeItem(KEEP_KEY);
});

// ---- at the start: what this browser kept and the server has not

function putBack() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(KEEP_KEY) || "null"); } catch { /* unreadable: none */ }
  if (!kept?.document || !sheet.edits || canonical(kept.document) === saved) return false;
  page = kept.document;
  versionSeen = kept.version;
  rememberStep();
  toast(definitionTexts.restored);
  return true;
}
const back = putBack();
drawDocument();
writeJson();
drawState();
showSteps();
tellSaved();
if (back) save();
