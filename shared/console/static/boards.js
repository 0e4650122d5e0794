// Boards: cards moved by mouse, touch, keyboard; a refused move goes back and says why.
"use strict";

const ANIMATED = 100;  // above so many cards SortableJS's animation makes every drag slow

function place(card) {
  return { parent: card.parentElement, next: card.nextElementSibling };
}

async function send(card, from) {
  const board = card.closest("[data-board]");
  const address = board.dataset.board.replace("{id}", encodeURIComponent(card.dataset.id));
  const next = card.nextElementSibling;
  const values = {
    to: card.parentElement.dataset.cards, before: next?.dataset.id || "", version: card.dataset.version,
    from: from.parent.dataset.cards,
  };
  card.classList.add("board-moving");
  const back = (xhr) => {
    from.parent.insertBefore(card, from.next?.parentElement === from.parent ? from.next : null);
    const refused = xhr.status ? problem(xhr) : { text: texts.unreachable, more: null };
    const more = refused.more || element("div");
    more.append(element("p", { className: "toast-aside", textContent: texts.back }));
    toast(refused.text, "bad", more);
    $("a", card).focus();
  };
  const listen = (event) => {
    if (event.detail.elt !== card) return;
    event.detail.handled = true;
    if (event.detail.xhr.status === 401) signedOut();
    back(event.detail.xhr);
  };
  document.addEventListener("htmx:responseError", listen, { capture: true });
  document.addEventListener("htmx:sendError", listen, { capture: true });
  await htmx.ajax("POST", address, { source: card, target: card, swap: "none", values }).catch(() => {});
  document.removeEventListener("htmx:responseError", listen, { capture: true });
  document.removeEventListener("htmx:sendError", listen, { capture: true });
  card.classList.remove("board-moving");
  refreshSelect(card);
}

// The column a card stands in is not among those it can be moved to.
function refreshSelect(card) {
  const move = $("[data-move]", card);
  if (!move) return;
  const columns = $$("[data-column]").map((column) => [column.dataset.column, column.getAttribute("aria-label")]);
  const own = move.closest("[data-cards]").dataset.cards;
  const first = move.options[0];
  move.replaceChildren(first, ...columns.filter(([id]) => id !== own).map(([value, textContent]) => element("option", { value, textContent })));
  move.value = "";
}

document.addEventListener("change", (event) => {
  const move = event.target.closest("[data-move]");
  if (!move || !move.value) return;
  const card = move.closest(".board-card");
  const from = place(card);
  $(`[data-cards="${CSS.escape(move.value)}"]`).prepend(card);
  send(card, from);
});

function watchBoard() {
  const board = document.getElementById("board");
  if (!board || board.crmWatched) return;
  board.crmWatched = true;
  const many = $$(".board-card", board).length > ANIMATED;
  let from = null;
  for (const cards of $$("[data-cards]", board)) {
    Sortable.create(cards, {
      group: "cards", draggable: ".board-card", filter: ".board-fixed, select", preventOnFilter: false,
      animation: many ? 0 : 120, delay: 120, delayOnTouchOnly: true, scroll: true, bubbleScroll: true,
      ghostClass: "board-ghost", dragClass: "board-drag",
      onStart: (event) => { from = place(event.item); from.next = event.item.nextElementSibling; from.index = event.oldIndex; },
      onEnd: (event) => { if (event.from !== event.to || event.oldIndex !== event.newIndex) send(event.item, from); },
    });
  }
}
document.addEventListener("htmx:load", watchBoard);
watchBoard();
