"""From the text of a .proto file to message classes, without a compiler and without generated code.

Generated Python is tied to the protobuf release that made it, and is not meant to be kept in a repository. What
`inference.proto` needs of the language is little: messages and nested ones, scalars, `repeated`, `map`, `oneof`, unary
rpcs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pb2 import (  # type: ignore[import-untyped]
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]

_SCALARS: Mapping[str, int] = {
    name: getattr(FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("bool", "bytes", "double", "float", "int32", "int64", "string", "uint32", "uint64")
}
_TOKEN = re.compile(r"//[^\n]*|\"[^\"]*\"|[\w.]+|[{}()<>=;,]")


@dataclass(frozen=True)
class Method:
    """One unary rpc of the service."""

    request: Any
    """The class of its requests."""
    response: Any


@dataclass(frozen=True)
class Schema:
    """What a .proto file says: one service, and the classes of its messages."""

    service: str
    """With its package, as it stands in the paths of requests."""
    methods: Mapping[str, Method]
    messages: Mapping[str, Any]
    """Name without its package -> class; nested ones are attributes of theirs."""


def build(text: str) -> Schema:
    """Return what `text` describes; the classes live in a pool of their own and clash with nobody's."""
    file = FileDescriptorProto(name="inference.proto", syntax="proto3")
    service, rpcs = _Parser(text, file).parse()
    pool = DescriptorPool()
    pool.Add(file)
    found = {
        each.name: GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{each.name}"))
        for each in file.message_type
    }
    methods = {name: Method(found[request], found[response]) for name, request, response in rpcs}
    return Schema(f"{file.package}.{service}", methods, found)


class _Parser:
    """Reads the file once, from the front."""

    def __init__(self, text: str, file: FileDescriptorProto) -> None:
        self._tokens: Iterator[str] = (token for token in _TOKEN.findall(text) if not token.startswith("//"))
        self._file = file

    def parse(self) -> tuple[str, list[tuple[str, str, str]]]:
        """Fill the file's messages; return the service's name and its rpcs with what they take and give."""
        service, rpcs = "", []
        for word in self._tokens:
            if word == "package":
                self._file.package = self._take(1)[0]
            elif word == "message":
                self._message(self._file.message_type.add())
            elif word == "service":
                service, _ = self._take(2)
                while next(self._tokens) == "rpc":
                    name, _, request, _, _, _, response, _, _ = self._take(9)
                    rpcs.append((name, request, response))
        return service, rpcs

    def _take(self, count: int) -> list[str]:
        return [next(self._tokens) for _ in range(count)]

    def _message(self, message: DescriptorProto) -> None:
        message.name, _ = self._take(2)
        for word in self._tokens:
            if word == "}":
                return
            if word == "message":
                self._message(message.nested_type.add())
            elif word == "oneof":
                message.oneof_decl.add().name, _ = self._take(2)
                while (kind := next(self._tokens)) != "}":
                    self._field(message, kind).oneof_index = len(message.oneof_decl) - 1
            elif word == "map":
                self._map(message)
            elif word == "repeated":
                self._field(message, next(self._tokens)).label = FieldDescriptorProto.LABEL_REPEATED
            else:
                self._field(message, word)

    def _field(self, message: DescriptorProto, kind: str) -> FieldDescriptorProto:
        name, _, number, _ = self._take(4)
        field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
        _set_type(field, kind)
        return field

    def _map(self, message: DescriptorProto) -> None:
        """Add what a map is on the wire: a repeated message of key and value."""
        _, key, _, value, _ = self._take(5)
        name, _, number, _ = self._take(4)
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        for place, (part, kind) in enumerate((("key", key), ("value", value)), start=1):
            field = entry.field.add(name=part, number=place, label=FieldDescriptorProto.LABEL_OPTIONAL)
            _set_type(field, kind)
        field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_REPEATED)
        _set_type(field, entry.name)


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = kind  # found from the inside out, as the language has it
