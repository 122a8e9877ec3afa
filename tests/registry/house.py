"""The parts of a registry in this process, without HTTP: for what has to happen at one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_models import Sample

from mlp.errors import Failed, Unavailable
from mlp.registry.actor import Actor
from mlp.registry.check.verdict import Verdict
from mlp.registry.database import Address, Database, engine_for
from mlp.registry.service.collection import Collection
from mlp.registry.service.pushes import Pushes, Shelf
from mlp.registry.service.removal import Removal
from mlp.registry.store.base import Reader
from mlp.registry.store.files import FileStore
from mlp.registry.store.staging import Staging

BY = Actor("tester")


class Trusting:
    """Stands in for the judge: what is judged is not the matter here."""

    async def verdict(self, *_: Any) -> Verdict:
        return Verdict(ok=True)


class PausingStore(FileStore):
    """Files; a test may act right after a blob was put, or found whole."""

    after_put: Callable[[], Coroutine[Any, Any, None]] | None = None
    after_open: Callable[[], Coroutine[Any, Any, None]] | None = None

    async def put(self, sha256: str, source: Path) -> None:
        await super().put(sha256, source)
        if self.after_put is not None:
            act, self.after_put = self.after_put, None
            await act()

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> Reader:
        reader = await super().open(sha256, start, length)
        if self.after_open is not None:
            act, self.after_open = self.after_open, None
            await act()
        return reader


@dataclass
class House:
    """The parts of a registry, without HTTP."""

    root: Path
    address: Address
    database: Database
    store: PausingStore
    pushes: Pushes
    removal: Removal
    collection: Collection

    async def push(self, name: str, sample: Sample) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            yield sample.onnx

        upload, _ = await self.pushes.announce(name, sample.request, None, BY)
        if upload.version is not None:
            return upload.version.version
        version, _ = await self.pushes.receive(name, upload.id, chunks(), BY)
        return version.version

    async def push_until_done(self, name: str, sample: Sample) -> int:
        """Push as the client does: a push that was overtaken comes again."""
        while True:
            try:
                return await self.push(name, sample)
            except Unavailable as error:
                if error.code != "blob_collected":
                    raise

    async def stray(self, sample: Sample) -> str:
        """Put a blob without a row, as an old crash left it; return its digest."""
        source = self.root / "incoming" / "stray"
        source.write_bytes(sample.onnx)
        await self.store.put(sample.request.sha256, source)
        return sample.request.sha256

    def path(self, sample: Sample) -> Path:
        sha256 = sample.request.sha256
        return self.root / "blobs" / "sha256" / sha256[:2] / sha256

    def replica(self) -> House:
        """Another registry on the same database and store."""
        return House.on(self.root, self.address)

    @classmethod
    def on(cls, root: Path, address: Address) -> House:
        database, store = Database(engine_for(address), tells=True), PausingStore(root / "blobs")
        pushes = Pushes(database, Shelf(Staging(root / "incoming"), store), Trusting(), 10**9)
        return cls(root, address, database, store, pushes, Removal(database), Collection(database, store))

    async def has(self, sample: Sample) -> bool:
        try:
            await (await self.store.open(sample.request.sha256)).aclose()
        except Failed:
            return False
        return True
