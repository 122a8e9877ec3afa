"""The JSON document of an `/infer` request: what it may hold, as this server reads it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from mlp.errors import Invalid
from mlp.inference.oip import extensions
from mlp.inference.oip.datatypes import BYTES, mismatch
from mlp.inference.predict import strict_json

UNSET = msgspec.UNSET
_Absent = msgspec.UnsetType


class Parameters(msgspec.Struct, frozen=True):
    """Of a request, of an input or of an output."""

    binary_data: bool | _Absent | None = UNSET
    binary_data_size: Annotated[int, msgspec.Meta(ge=0)] | _Absent | None = UNSET
    binary_data_output: bool | _Absent | None = UNSET
    shared_memory_region: Any = UNSET
    classification: Any = UNSET

    @property
    def keys(self) -> int:
        """How many of its keys were given, of those that are not refused."""
        given = (self.binary_data, self.binary_data_size, self.binary_data_output)
        return len(given) - given.count(UNSET)

    def refuse(self) -> None:
        """Raise Unsupported where an extension is asked for that is not offered."""
        extensions.refuse([name for name in extensions.REFUSED if getattr(self, name) is not UNSET])


_Given = Parameters | None | _Absent


class InputDocument(msgspec.Struct):
    """A tensor that is sent."""

    name: str
    shape: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=2**31)], ...], msgspec.Meta(max_length=8)]
    datatype: str
    data: msgspec.Raw | _Absent = UNSET
    parameters: _Given = UNSET

    @property
    def json(self) -> bytes:
        """The text of its data; raise Invalid (`shape_mismatch`) where there is none."""
        if self.data is UNSET:
            raise mismatch(self.name, "it has no data")
        return bytes(self.data)

    @property
    def binary_size(self) -> int | None:
        """Bytes of its data behind the document, or None where the data stand in the document."""
        size = self.parameters.binary_data_size if self.parameters else None
        return None if size is UNSET else size


class OutputDocument(msgspec.Struct):
    """A tensor that is wanted."""

    name: str
    parameters: _Given = UNSET

    def is_binary(self, otherwise: bool) -> bool:
        """Whether its data are wanted as bytes, by its own parameter or else by the request's."""
        own = self.parameters.binary_data if self.parameters else None
        return own if isinstance(own, bool) else otherwise


class Document(msgspec.Struct):
    """A request."""

    inputs: Annotated[list[InputDocument], msgspec.Meta(min_length=1)]
    outputs: list[OutputDocument] | _Absent | None = UNSET
    id: str | _Absent | None = UNSET
    parameters: _Given = UNSET

    @property
    def all_binary(self) -> bool:
        """Whether outputs are wanted as bytes that do not say otherwise themselves."""
        return bool(self.parameters and self.parameters.binary_data_output)


_decode = msgspec.json.Decoder(Document).decode


def parse(text: bytes) -> Document:
    """Return the document; raise Invalid for what is none of this protocol, Unsupported for its other extensions."""
    try:
        document = _decode(text)
    except msgspec.ValidationError as error:
        raise Invalid(f"the request is not one of this protocol: {error}", code="wrong_type") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        strict_json.parse(text)  # which says what is wrong and where
        raise Invalid("the request is not JSON", code="invalid_json") from None
    except RecursionError:
        raise Invalid("the request is nested too deeply", code="too_deep") from None
    for tensor in (*document.inputs, *(document.outputs or ())):
        if tensor.parameters:
            tensor.parameters.refuse()
    # Each key is followed by a colon: as many colons as known keys means that no key was there twice.
    unexplained = text.count(b":") - _keys(document)
    if unexplained and unexplained != _colons_in_strings(document):
        strict_json.parse(text)
    return document


def _keys(document: Document) -> int:
    outputs = document.outputs or ()
    keys = 4 - (document.outputs, document.id, document.parameters).count(UNSET)
    for tensor in document.inputs:
        keys += 5 - (tensor.data, tensor.parameters).count(UNSET)
    for output in outputs:
        keys += 1 + (output.parameters is not UNSET)
    for each in (document, *document.inputs, *outputs):
        if each.parameters:
            keys += each.parameters.keys
    return keys


def _colons_in_strings(document: Document) -> int:
    """Return how many colons belong to values: there are no objects in a tensor's data."""
    return sum(bytes(tensor.data).count(b":") for tensor in document.inputs if tensor.datatype == BYTES and tensor.data)
