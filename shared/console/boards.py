"""Records as cards in columns: at most 50 cards a column, totals from SQL, every drag also possible without one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, render_template, request

from console import replies
from console.fields import Words

PAGE = 50  # cards of a column before "load more"; more than a hundred nodes make every drag slow


@dataclass(frozen=True, kw_only=True)
class Card:
    """`warning` is a short text shown in amber (stalled for 9 days); `amount` a money mapping; `owner` a name."""

    id: str
    title: str
    link: str
    subtitle: str = ""
    amount: Any = None
    owner: str = ""
    due: Any = None
    labels: Sequence[tuple[Words, str]] = ()
    warning: Words = ""
    version: int | str = ""
    movable: bool = True


@dataclass(frozen=True, kw_only=True)
class Column:
    """`count` and `total` (money mapping) are of all its records, not of the cards shown."""

    id: str
    label: Words
    cards: Sequence[Card] = ()
    count: int = 0
    total: Any = None
    next_cursor: str | None = None
    colour: str = "blue"
    note: Words = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """`move_url` (`/sales/opportunities/{id}/move`) takes POST to, before (card id or empty) and version."""

    key: str
    title: Words
    url: str
    columns: Sequence[Column]
    move_url: str
    create: tuple[str, Words] | None = None
    tabs: Sequence[tuple[Words, str, bool]] = ()
    others: Sequence[tuple[Words, str, str]] = ()
    filters: str = ""  # a template included beside the search box
    q: str = ""
    hidden: dict[str, str] = field(default_factory=dict)  # kept in the search form: the pipeline chosen, say


def page(board: Board, *, template: str = "console/board.html", **extra: Any) -> str:
    """The whole board, or only its columns when the search box asks."""
    if request.headers.get("HX-Target") == "board":
        template = "console/board_columns.html"
    return render_template(template, board=board, **extra)


def cards(board: Board, column: Column) -> str:
    """The next cards of a column: the answer to `?part=cards&column=…&cursor=…`."""
    return render_template("console/board_cards.html", board=board, column=column)


def moved(board: Board, columns: Sequence[Column], *, message: Words = "", card: Card | None = None) -> Response:
    """The answer to an accepted move: the heads of the columns it touched, the card as it is now, and a message."""
    body = render_template("console/board_moved.html", board=board, columns=columns, card=card)
    return replies.with_toast(Response(body, mimetype="text/html"), message)


def refused(reason: Words, *, missing: Sequence[Words] = (), fix: str = "", status: int = 409) -> Response:
    """The answer to a move a rule forbids: the card goes back, the reason and what is missing are shown and read out.

    `fix` is the address where the person can supply what is missing.
    """
    return replies.refused(reason, missing=missing, fix=fix, status=status)
