"""Reading a backup from its beginning to its end, before anything of it is believed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlp.api.model import version_digest
from mlp.api.receipt import Receipt
from mlp.api.signature import Signature
from mlp.errors import Precondition
from mlp.registry.backup.archive import (
    END,
    MANIFEST,
    ArchiveReader,
    Contents,
    Digest,
    End,
    Manifest,
    Member,
    corrupt,
    parsed,
)
from mlp.registry.backup.rows import TABLES, rows_of
from mlp.registry.migrations import REVISIONS


@dataclass(frozen=True)
class Inspection:
    """What was found in a backup that is whole."""

    contents: Contents
    needed: Mapping[str, int]
    """Sizes of the blobs that its versions use, by digest."""

    @classmethod
    def of(cls, path: Path) -> Inspection:
        """Inspect the archive at `path`.

        Raises Failed (`backup_corrupt`) unless every digest is right and every blob that a version uses is there;
        Precondition (`schema_newer`) when a newer mlp wrote it.
        """
        found = _Findings()
        contents: Contents | None = None
        for number, member in enumerate(ArchiveReader(path).members()):
            if contents is not None:
                raise corrupt("it goes on after its end")
            if (number == 0) != (member.name == MANIFEST):
                raise corrupt("it does not begin as a backup does")
            if member.name == END:
                contents = found.checked(parsed(End, member.document()))
            else:
                found.take(member)
        if contents is None:
            raise corrupt("its end is missing")
        return cls(contents, found.needed)


class _Findings:
    """What was read so far."""

    def __init__(self) -> None:
        self.needed: dict[str, int] = {}
        self._present: dict[str, int] = {}
        self._rows: Counter[str] = Counter()
        self._digest = Digest()

    def take(self, member: Member) -> None:
        """Read a member that is not the last one."""
        if member.blob is not None:
            self._take_blob(member, member.blob)
            return
        data = member.document()
        self._digest.add(member.name, hashlib.sha256(data).hexdigest(), len(data))
        if member.table is None:
            _check_manifest(parsed(Manifest, data))
        else:
            self._take_rows(member.table, data)

    def checked(self, end: End) -> Contents:
        """Return the contents that the last member tells, if they are those that were read."""
        told = {name: count for name, count in end.contents.rows.items() if count}
        blobs = (end.contents.blobs, end.contents.blob_bytes)
        present = (len(self._present), sum(self._present.values()))
        if end.digest != self._digest.value() or told != dict(self._rows) or blobs != present:
            raise corrupt("parts of it are missing or changed")
        if any(self._present.get(sha256) != size for sha256, size in self.needed.items()):
            raise corrupt("the blob of a version is missing")
        return end.contents

    def _take_blob(self, member: Member, sha256: str) -> None:
        digest = hashlib.sha256()
        for piece in member.pieces():
            digest.update(piece)
        if digest.hexdigest() != sha256 or sha256 in self._present:
            raise corrupt(f"the blob {sha256} is damaged, or there twice")
        self._present[sha256] = member.size
        self._digest.add(member.name, sha256, member.size)

    def _take_rows(self, name: str, data: bytes) -> None:
        if name not in TABLES:
            raise corrupt(f"it holds rows of {name}, which is no table")
        rows = rows_of(TABLES[name], data)
        self._rows[name] += len(rows)
        if name == "versions":
            for row in rows:
                _check_version(row)
                self.needed[row["sha256"]] = row["size"]


def _check_manifest(manifest: Manifest) -> None:
    if manifest.revision not in REVISIONS:
        raise Precondition(
            f"the backup was written by mlp {manifest.mlp}, which is newer (schema {manifest.revision})",
            code="schema_newer",
        )


def _check_version(row: Mapping[str, Any]) -> None:
    """Raise Failed unless blob, signature and receipt are those that the version's digest is of."""
    try:
        signature = Signature.model_validate_json(row["signature"])
        receipt = Receipt.model_validate_json(row["receipt"])
    except ValidationError as error:
        raise corrupt("a version's signature or receipt cannot be read") from error
    if version_digest(row["sha256"], signature, receipt) != row["digest"]:
        raise corrupt("a version does not have its digest")
