"""The language of `filter=`: `metrics.accuracy > 0.95 and tags.team = 'risk'`.

    filter      conjunction ("or" conjunction)*
    conjunction negation ("and" negation)*
    negation    "not" negation | "(" filter ")" | comparison
    comparison  field operator value
    field       metrics.KEY | params.KEY | tags.KEY | version | task | created_at | created_by
    operator    = != < <= > >=
    value       a number (0.95, -1, 1e-3) or text in 'single' or "double" quotes; a quote in it is written twice

Metrics and versions are compared with numbers, everything else with text; of `created_at` the text is a day or a moment
(see `period`). Words are in lower case. A comparison is false for a version that has no such key, and `not` makes it
true. Pure: it knows no database.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from mlp.api.reference import MAX_VERSION
from mlp.errors import Invalid
from mlp.registry.condition import Comparison, Condition, Every, Field, Not, Operator, Some
from mlp.registry.period import Period

MAX_LENGTH = 2_000
MAX_DEPTH = 16
"""How deep parentheses and `not` may be nested."""
MAX_COMPARISONS = 50
_KEYED = frozenset({Field.METRICS, Field.PARAMS, Field.TAGS})
_KEY = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_./]{0,62}[A-Za-z0-9])?", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?(?![-A-Za-z0-9_./]))
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<word>[A-Za-z_][-A-Za-z0-9_./]*)
    |(?P<operator><=|>=|!=|=(?!=)|<(?!>)|>)
    |(?P<parenthesis>[()])""",
    re.VERBOSE | re.ASCII,
)
_MISTAKES: Mapping[str, str] = {
    "==": "write = for equal",
    "<>": "write != for unequal",
    "&&": "write and",
    "||": "write or",
}


def parse_filter(text: str) -> Condition:
    """Return what `text` asks for. Raises Invalid (`invalid_filter`) that names the position of the mistake."""
    if len(text) > MAX_LENGTH:
        raise Invalid(f"a filter has at most {MAX_LENGTH} characters", code="invalid_filter")
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        _fail(forbidden.start(), "a control character, or half a character")
    return _Parser(_tokens(text)).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _fail(at: int, what: str) -> NoReturn:
    raise Invalid(f"filter, character {at + 1}: {what}", code="invalid_filter", details={"position": at + 1})


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _fail(at, _mistake(text[at:]))
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*tokens, _Token("end", "", len(text))]


def _mistake(rest: str) -> str:
    if rest[0] in "'\"":
        return "this text has no end: its closing quote is missing"
    hint = next((hint for wrong, hint in _MISTAKES.items() if rest.startswith(wrong)), None)
    return hint or "nothing that a filter is made of begins so"


class _Parser:
    """Reads tokens from left to right, each rule of the grammar a method."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._comparisons = 0

    def whole(self) -> Condition:
        condition = self._filter()
        if self._token.kind != "end":
            _fail(self._token.at, "'and', 'or' or the end is expected here")
        return condition

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _took(self, text: str) -> bool:
        """Step over a word or parenthesis, if it is the next token."""
        if self._token.kind not in ("word", "parenthesis") or self._token.text != text:
            return False
        self._next += 1
        return True

    def _filter(self) -> Condition:
        found = [self._conjunction()]
        while self._took("or"):
            found.append(self._conjunction())
        return found[0] if len(found) == 1 else Some(tuple(found))

    def _conjunction(self) -> Condition:
        found = [self._negation()]
        while self._took("and"):
            found.append(self._negation())
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _negation(self) -> Condition:
        begin = self._token
        negated = self._took("not")
        if not negated and not self._took("("):
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _fail(begin.at, f"nested deeper than {MAX_DEPTH} levels")
        condition = Not(self._negation()) if negated else self._filter()
        if not negated and not self._took(")"):
            _fail(self._token.at, f"')' is expected here, for the '(' at character {begin.at + 1}")
        self._depth -= 1
        return condition

    def _comparison(self) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            _fail(self._token.at, f"more than {MAX_COMPARISONS} comparisons")
        field, key = _field(self._take())
        operator = self._take()
        if operator.kind != "operator":
            _fail(operator.at, f"one of {' '.join(Operator)} is expected here")
        return Comparison(field, key, Operator(operator.text), _value(field, self._take()))


def _field(token: _Token) -> tuple[Field, str | None]:
    if token.kind != "word":
        _fail(token.at, "a field is expected here, such as metrics.accuracy, tags.team or version")
    name, dot, key = token.text.partition(".")
    if name not in set(Field):
        near = get_close_matches(name, list(Field), n=1)
        hint = f"did you mean {near[0]}?" if near else f"fields are {', '.join(Field)}"
        _fail(token.at, f"there is no such field; {hint}")
    field = Field(name)
    if field not in _KEYED:
        if dot:
            _fail(token.at + len(name), f"{field} has no keys")
        return field, None
    if not _KEY.fullmatch(key):
        _fail(token.at, f"{field} needs a key, as in {field}.KEY: letters, digits, '-', '_', '.' and '/'")
    return field, key


def _value(field: Field, token: _Token) -> float | int | str | Period:
    if field in (Field.METRICS, Field.VERSION):
        if token.kind != "number":
            _fail(token.at, f"{field} {'are' if field is Field.METRICS else 'is'} compared with a number")
        return _number(token) if field is Field.METRICS else _version(token)
    if token.kind != "text":
        _fail(token.at, f"{field} {'are' if field in _KEYED else 'is'} compared with text in quotes")
    quote = token.text[0]
    text = token.text[1:-1].replace(quote * 2, quote)
    if field is not Field.CREATED_AT:
        return text
    try:
        return Period.parse(text)
    except Invalid as error:
        _fail(token.at, error.message)


def _number(token: _Token) -> float:
    number = float(token.text)
    if not math.isfinite(number):
        _fail(token.at, "a number is outside the range of 64 bits")
    return number


def _version(token: _Token) -> int:
    if not re.fullmatch(r"\d{1,10}", token.text, re.ASCII) or int(token.text) > MAX_VERSION:
        _fail(token.at, f"a version is a whole number from 1 to {MAX_VERSION}")
    return int(token.text)
