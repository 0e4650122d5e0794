// Rows carried to another place: by mouse or finger on their grip, by the arrow keys while it has the focus.
"use strict";

// `moved(from, to)` puts a row in its place; with both the same it only draws the rows again. The others make way for the
// carried card, for a finger that holds an element taken out of the document is lost.
function gripFor(card, label, moved) {
  const grip = element("button", { type: "button", className: "row-grip", title: label }, svgIcon("grip-vertical"));
  grip.setAttribute("aria-label", label);
  const mates = () => $$(":scope > .row-card", card.parentElement);
  grip.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = mates().indexOf(card);
    moved(at, at + step);
  });
  grip.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    grip.focus();
    carry(card, mates, moved);
  });
  return grip;
}

function carry(card, mates, moved) {
  const from = mates().indexOf(card);
  const until = new AbortController();
  const end = (to) => {
    until.abort();
    card.classList.remove("row-carried");
    moved(from, to);
  };
  const listen = (name, heard) => document.addEventListener(name, heard, { signal: until.signal });
  card.classList.add("row-carried");
  listen("pointermove", ({ clientY }) => {
    if (clientY < 60) scrollBy(0, -12);
    if (clientY > innerHeight - 80) scrollBy(0, 12);
    for (const mate of mates()) {
      if (mate === card) continue;
      const { top, height } = mate.getBoundingClientRect();
      const above = mate.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (above && clientY < top + height / 2) {
        card.after(mate);
        return;
      }
      if (!above && clientY > top + height / 2) card.before(mate);
    }
  });
  listen("pointerup", () => end(mates().indexOf(card)));
  listen("pointercancel", () => end(from));
  listen("keydown", (event) => event.key === "Escape" && end(from));
}
