"""Choosing jobs by an expression, such as `model == 'beta_vae' and seed < 3`."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from disentlib.studies.grid import Job

FIELDS = ("number", "dataset", "model", "hyperparameter", "strength", "seed")
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, container: value in container,
    ast.NotIn: lambda value, container: value not in container,
}


def selector(expression: str) -> Callable[[Job], bool]:
    """Return a function: job -> whether an expression chooses it.

    Args:
        expression: comparisons of a job's `number`, `dataset`, `model`, `hyperparameter`,
            `strength` and `seed` with constants, joined by `and`, `or` and `not`.

    Raises:
        ValueError: if it contains anything else.

    >>> job = Job(7, "mini", "sprites", "beta_vae", "beta", 4.0, 1, (), {})
    >>> selector("model == 'beta_vae' and seed in (0, 1)")(job)
    True
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError:
        raise _wrong(expression) from None
    chosen = _compile(tree, expression)

    def choose(job: Job) -> bool:
        try:
            return bool(chosen(job))
        except TypeError as error:
            raise ValueError(f"{expression!r} compares what cannot be: {error}") from None

    return choose


def _compile(node: ast.expr, text: str) -> Callable[[Job], Any]:
    """Return a function of a job; only the kinds of nodes named here are known."""
    match node:
        case ast.Name(id=name) if name in FIELDS:
            return operator.attrgetter(name)
        case ast.Constant(value=value) if isinstance(value, (str, int, float)):
            return lambda _: value
        case ast.Tuple(elts=items) | ast.List(elts=items):
            parts = [_compile(item, text) for item in items]
            return lambda job: [part(job) for part in parts]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _compile(operand, text)
            return lambda job: not inner(job)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand, text)
            return lambda job: -inner(job)
        case ast.BoolOp(op=joint, values=items):
            parts = [_compile(item, text) for item in items]
            join = all if isinstance(joint, ast.And) else any
            return lambda job: join(part(job) for part in parts)
        case ast.Compare(left=left, ops=kinds, comparators=rights) if {*map(type, kinds)} <= {
            *_COMPARISONS
        }:
            parts = [_compile(item, text) for item in [left, *rights]]
            tests = [_COMPARISONS[type(kind)] for kind in kinds]

            def compare(job: Job) -> bool:
                values = [part(job) for part in parts]
                return all(
                    test(a, b) for test, a, b in zip(tests, values, values[1:], strict=False)
                )

            return compare
    raise _wrong(text)


def _wrong(expression: str) -> ValueError:
    return ValueError(
        f"expected comparisons of {', '.join(FIELDS)} with constants, joined by and, or, not, "
        f"got {expression!r}"
    )
