"""Conditions on versions as SQL, with the same answers on SQLite and on PostgreSQL.

Each comparison is true or false and never null, so that `not` means the same on every version. Text is compared by its
code points, which is SQLite's own way and PostgreSQL's collation "C". Values and keys travel as parameters.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from mlp.registry.condition import Comparison, Condition, Every, Field, Not, Operator, Some
from mlp.registry.period import Period
from mlp.registry.tables import VersionRow


class CodePoints(FunctionElement[str]):
    """Text that is compared by its code points."""

    inherit_cache = True
    type = String()


@compiles(CodePoints)
def _as_it_is(element: CodePoints, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(CodePoints, "postgresql")
def _collated(element: CodePoints, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


_COMPARE: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQUAL: python.eq,
    Operator.UNEQUAL: python.ne,
    Operator.LESS: python.lt,
    Operator.LESS_OR_EQUAL: python.le,
    Operator.GREATER: python.gt,
    Operator.GREATER_OR_EQUAL: python.ge,
}


def sql_of(condition: Condition) -> ColumnElement[bool]:
    """Return `condition` as an expression on the table of versions."""
    match condition:
        case Every(conditions):
            return and_(*map(sql_of, conditions))
        case Some(conditions):
            return or_(*map(sql_of, conditions))
        case Not(negated):
            return not_(sql_of(negated))
        case Comparison(field, key, operator, value):
            column = _column(field, key)
            compared = (
                _during(column, operator, value) if isinstance(value, Period) else _COMPARE[operator](column, value)
            )
            return and_(column.is_not(None), compared)


def _column(field: Field, key: str | None) -> Any:
    if field is Field.METRICS:
        return col(VersionRow.metrics)[key].as_float()
    if field is Field.VERSION:
        return col(VersionRow.number)
    if field is Field.CREATED_AT:
        return col(VersionRow.created_at)
    keyed: dict[Field, Any] = {Field.PARAMS: VersionRow.params, Field.TAGS: VersionRow.tags}
    plain: dict[Field, Any] = {Field.TASK: VersionRow.task, Field.CREATED_BY: VersionRow.created_by}
    return CodePoints(col(keyed[field])[key].as_string() if field in keyed else col(plain[field]))


def _during(column: ColumnElement[datetime], operator: Operator, period: Period) -> ColumnElement[bool]:
    """Compare a moment with a period: equal is within it, less is before its start, greater is at or after its end."""
    match operator:
        case Operator.EQUAL:
            return and_(column >= period.start, column < period.end)
        case Operator.UNEQUAL:
            return or_(column < period.start, column >= period.end)
        case Operator.LESS:
            return column < period.start
        case Operator.LESS_OR_EQUAL:
            return column < period.end
        case Operator.GREATER:
            return column >= period.end
        case Operator.GREATER_OR_EQUAL:
            return column >= period.start
