"""Whether the registry can do its work now."""

from __future__ import annotations

from mlp.registry.database import Database
from mlp.registry.service.pushes import Shelf


class Health:
    """Asks the parts that a push needs."""

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf

    async def check(self) -> None:
        """Return if a push could succeed now; raise Unavailable if not."""
        await self._database.check()
        await self._shelf.staging.check()
        await self._shelf.store.check()
