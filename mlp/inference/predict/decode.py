"""From the bytes of a `/predict` request to rows that fit the signature.

Nearly every request is decoded and checked in one pass by msgspec, against a type made from the signature. What that
pass refuses goes to the careful reader, which accepts a little more and otherwise explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from mlp.api.receipt import Cell
from mlp.api.signature import Signature
from mlp.inference.predict import strict_json
from mlp.inference.predict.careful import CarefulReader
from mlp.inference.predict.rows import Call, Row, row_type

Record = Mapping[str, Cell]


class Decoder:
    """Reads requests for a model of this signature."""

    def __init__(self, signature: Signature) -> None:
        self._careful = CarefulReader(signature)
        self._width = len(signature.inputs)
        self._pick = _picker(signature.names)
        self._request = _request_type(signature)
        self._decode = msgspec.json.Decoder(self._request).decode

    def decode(self, body: bytes) -> Call:
        """Return what `body` asks; raise Invalid, with row and column in the details, when it does not fit."""
        try:
            call = self._decode_typed(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
            call = None
        return call or self._careful.read(body)

    def _decode_typed(self, body: bytes) -> Call | None:
        request = self._decode(body)
        rows, records, probabilities = request.features, request.records, request.return_probabilities
        keys = (rows is not msgspec.UNSET) + (records is not msgspec.UNSET) + (probabilities is not msgspec.UNSET)
        if records is not msgspec.UNSET and records is not None:
            keys += sum(map(len, records))
            rows = self._rows_by_name(records) if rows is msgspec.UNSET or rows is None else None
        # Each key is followed by a colon: as many colons as distinct keys means that no key was there twice.
        if body.count(b":") != keys:
            strict_json.parse(body)
        return (rows, probabilities is True) if rows else None

    def _rows_by_name(self, records: Sequence[Record]) -> Sequence[Row]:
        if any(len(record) != self._width for record in records):
            raise KeyError
        request = msgspec.convert({"features": [self._pick(record) for record in records]}, self._request)
        rows: Sequence[Row] = request.features
        return rows


def _request_type(signature: Signature) -> Any:
    absent = msgspec.UnsetType
    rows: Any = list.__class_getitem__(row_type(signature))
    return msgspec.defstruct(
        "Request",
        [
            ("features", rows | None | absent, msgspec.UNSET),
            ("records", list[dict[str, bool | int | float | str | None]] | None | absent, msgspec.UNSET),
            ("return_probabilities", bool | absent, msgspec.UNSET),
        ],
        forbid_unknown_fields=True,
    )


def _picker(names: Sequence[str]) -> Callable[[Record], Row]:
    if len(names) == 1:
        return lambda record: (record[names[0]],)
    return itemgetter(*names)
