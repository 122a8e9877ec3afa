"""The file of a backup: a tar of known members, and at its end what it has to hold.

    manifest.json               what it is, and of which schema
    blobs/<sha256>              a model's bytes
    rows/<table>/<000001>.jsonl a row a line, as JSON
    end.json                    how many of each there are, and a digest over all of them

No member ever becomes a path: names are matched against these patterns, and bytes go where the registry puts uploads.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, TypeVar

from pydantic import Field, ValidationError

from mlp.api.wire import Answer, Sha256, Wire
from mlp.errors import Failed, NotFound

MANIFEST = "manifest.json"
END = "end.json"
PIECE = 2**18
_BLOCK = tarfile.BLOCKSIZE
_ZEROS = bytes(_BLOCK)  # two of them end a tar
_LONGEST_DOCUMENT = 64 * 2**20
_MEMBER = re.compile(
    rf"{MANIFEST}|{END}|blobs/(?P<sha256>[0-9a-f]{{64}})|rows/(?P<table>[a-z_]{{1,40}})/[0-9]{{6,12}}\.jsonl"
)


class Manifest(Wire):
    """The first member."""

    format: Literal["mlp-registry-backup"] = "mlp-registry-backup"
    version: Literal[1] = 1
    revision: Annotated[str, Field(pattern=r"^[0-9]{4}$")]
    """Of the database's schema."""
    mlp: str
    created_at: datetime


class Contents(Answer):
    """What a backup holds."""

    rows: dict[str, int]
    """By table."""
    blobs: int
    blob_bytes: int


class End(Wire):
    """The last member; `digest` is over name, SHA-256 and size of each member before it, in their order."""

    contents: Contents
    digest: Sha256


class ArchiveWriter:
    """Writes members one after the other; memory stays flat."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members = hashlib.sha256()

    def document(self, name: str, data: bytes) -> None:
        """Write a member that is in memory."""
        self._begin(name, len(data))
        self._file.write(data)
        self._finish(name, hashlib.sha256(data).hexdigest(), len(data))

    async def blob(self, sha256: str, size: int, pieces: AsyncIterator[bytes]) -> None:
        """Write a model's bytes. Raises Failed (`artifact_corrupt`) when they are others than announced."""
        self._begin(f"blobs/{sha256}", size)
        digest, written = hashlib.sha256(), 0
        async for piece in pieces:
            digest.update(piece)
            written += self._file.write(piece)
        if written != size or digest.hexdigest() != sha256:
            raise Failed(f"the blob {sha256} is damaged", code="artifact_corrupt")
        self._finish(f"blobs/{sha256}", sha256, size)

    def end(self, contents: Contents) -> None:
        """Write the last member, and the end of the tar."""
        end = End(contents=contents, digest=self._members.hexdigest())
        self.document(END, end.model_dump_json().encode())
        self._file.write(bytes(2 * _BLOCK))

    def _begin(self, name: str, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._file.write(member.tobuf(tarfile.GNU_FORMAT))

    def _finish(self, name: str, sha256: str, size: int) -> None:
        self._file.write(bytes(-size % _BLOCK))
        self._members.update(_entry(name, sha256, size))


@dataclass(frozen=True)
class Member:
    """A member of an archive, while it is the current one."""

    name: str
    size: int
    blob: str | None
    """Its SHA-256, if it is a model's bytes."""
    table: str | None
    """Of which table it holds rows, if it does."""
    _file: BinaryIO

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, once."""
        left = self.size
        while left:
            piece = self._file.read(min(PIECE, left))
            if not piece:
                raise corrupt("it ends too early")
            left -= len(piece)
            yield piece

    def document(self) -> bytes:
        """Return the bytes of a member that fits into memory."""
        if self.size > _LONGEST_DOCUMENT:
            raise corrupt(f"{self.name} is too long")
        return b"".join(self.pieces())


class ArchiveReader:
    """Reads the archive at `path` from its beginning, as often as it is asked to.

    Only what `ArchiveWriter` writes is understood: no links, no extended headers, no name beyond the known ones.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def members(self) -> Iterator[Member]:
        """Yield the members in their order, each of which can be read until the next one is asked for.

        Raises Failed (`backup_corrupt`, `backup_unreadable`), NotFound (`file_not_found`).
        """
        try:
            with self._path.open("rb") as file:
                while (header := file.read(_BLOCK)) != _ZEROS:
                    member = _member(header, file)
                    behind = file.tell() + member.size + -member.size % _BLOCK
                    yield member
                    file.seek(behind)
                if file.read() != _ZEROS:
                    raise corrupt("it goes on after its end")
        except FileNotFoundError as error:
            raise NotFound(f"{self._path} does not exist", code="file_not_found") from error
        except OSError as error:
            raise Failed(f"{self._path} cannot be read: {error.strerror}", code="backup_unreadable") from error


def _member(header: bytes, file: BinaryIO) -> Member:
    try:
        info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise corrupt("it ends too early" if len(header) < _BLOCK else "it cannot be read as a tar") from error
    known = _MEMBER.fullmatch(info.name)
    if known is None or info.type != tarfile.REGTYPE or info.size < 0:
        raise corrupt("it holds something that no backup holds")
    return Member(info.name, info.size, known["sha256"], known["table"], file)


class Digest:
    """Recomputes what `End.digest` says."""

    def __init__(self) -> None:
        self._members = hashlib.sha256()

    def add(self, name: str, sha256: str, size: int) -> None:
        """Count a member that was read."""
        self._members.update(_entry(name, sha256, size))

    def value(self) -> str:
        """Return the digest of all members so far."""
        return self._members.hexdigest()


Document = TypeVar("Document", Manifest, End)


def parsed(kind: type[Document], data: bytes) -> Document:
    """Return the first or the last member. Raises Failed (`backup_corrupt`)."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise corrupt(f"its {kind.__name__.lower()} is none of a backup") from error


def corrupt(why: str) -> Failed:
    """Return the error for an archive that is not, or no longer, what `backup` wrote."""
    return Failed(f"this is no whole backup: {why}; nothing was restored", code="backup_corrupt")


def _entry(name: str, sha256: str, size: int) -> bytes:
    return f"{name} {sha256} {size}\n".encode()
