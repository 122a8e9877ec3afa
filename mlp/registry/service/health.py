"""Whether the registry can do its work now."""

from __future__ import annotations

from mlp.registry.database import Database
from mlp.registry.store.base import ArtifactStore


class Health:
    """Asks the parts that a push needs."""

    def __init__(self, database: Database, store: ArtifactStore) -> None:
        self._database = database
        self._store = store

    async def check(self) -> None:
        """Return if a push could succeed now; raise Unavailable if not."""
        await self._database.check()
        await self._store.check()
