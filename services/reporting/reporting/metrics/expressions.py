"""The small arithmetic of metric definitions: columns, numbers, + - * /, and seconds(from, to). No code runs."""

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Double, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from chassis.i18n import gettext as _

MAX_LENGTH = 200
MAX_PARTS = 40
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class Malformed(ValueError):
    """The formula can't be read; the message says where."""


class Seconds(FunctionElement[int]):
    """seconds(from, to): whole seconds between two times."""

    type = BigInteger()
    inherit_cache = True


@compiles(Seconds, "sqlite")
def _sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(part, **kw) for part in element.clauses)
    return f"(CAST(strftime('%s', {end}) AS INTEGER) - CAST(strftime('%s', {start}) AS INTEGER))"


@compiles(Seconds, "postgresql")
def _postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(part, **kw) for part in element.clauses)
    return f"CAST(floor(extract(epoch FROM {end})) - floor(extract(epoch FROM {start})) AS BIGINT)"


@lru_cache(maxsize=512)
def parse(text: str) -> ast.expr:
    """The formula's tree; Malformed unless it is made of allowed parts only."""
    if len(text) > MAX_LENGTH:
        raise Malformed(_("The formula is too long."))
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Malformed(_("The formula cannot be read.")) from None
    if sum(1 for _node in ast.walk(tree)) > MAX_PARTS * 2:
        raise Malformed(_("The formula is too long."))
    _check(tree)
    return tree


def names(text: str) -> set[str]:
    """Columns or metrics the formula reads."""
    return {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name)} - {"seconds"}


def moments(text: str) -> set[str]:
    """Names that stand inside seconds(…)."""
    calls = [node for node in ast.walk(parse(text)) if isinstance(node, ast.Call)]
    return {argument.id for call in calls for argument in call.args if isinstance(argument, ast.Name)}


def to_sql(text: str, columns: Callable[[str], Any]) -> Any:
    """The formula as an SQL expression over `columns(name)`."""
    return _sql(parse(text), columns)


def value(text: str, numbers: Mapping[str, float | None]) -> float | None:
    """The formula over plain numbers; None when one is missing or divided by nothing."""
    return _value(parse(text), numbers)


def _check(node: ast.AST) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left)
        _check(node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand)
    elif isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id != "seconds" or len(node.args) != 2 or node.keywords:
            raise Malformed(_("The only function is seconds(from, to)."))
        if not all(isinstance(argument, ast.Name) for argument in node.args):
            raise Malformed(_("seconds() takes two times."))
    elif isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float) or isinstance(node.value, bool) or not abs(node.value) < 1e12:
            raise Malformed(_("Only numbers below a million millions are allowed."))
    elif not isinstance(node, ast.Name):
        raise Malformed(_("Only names, numbers and + - * / are allowed."))


def _sql(node: ast.AST, columns: Callable[[str], Any]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _sql(node.left, columns), _sql(node.right, columns)
        if isinstance(node.op, ast.Div):
            return cast(left, Double) / func.nullif(cast(right, Double), 0)
        return (
            left + right
            if isinstance(node.op, ast.Add)
            else left - right
            if isinstance(node.op, ast.Sub)
            else left * right
        )
    if isinstance(node, ast.UnaryOp):
        return -_sql(node.operand, columns)
    if isinstance(node, ast.Call):
        return Seconds(*(_sql(argument, columns) for argument in node.args))
    if isinstance(node, ast.Constant):
        return literal(node.value)
    assert isinstance(node, ast.Name)
    return columns(node.id)


def _value(node: ast.AST, numbers: Mapping[str, float | None]) -> float | None:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return numbers.get(node.id)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, numbers)
        return None if inner is None else -inner
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0.0}[
        _OPERATORS[type(node.op)]
    ]
