"""Versions of bytes that the registry has: nobody sends or judges them again."""

from __future__ import annotations

import json

from mlp.api.model import ModelVersion
from mlp.errors import Conflict, Failed
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.repository.copying import COPY, COPYABLE
from mlp.registry.repository.lookup import TWIN
from mlp.registry.service.announcement import Announcement, facts_of, told_of
from mlp.registry.service.documents import new_version
from mlp.registry.store.base import ArtifactStore


class Copies:
    """Finds what another model has, and gives it to a second one."""

    def __init__(self, database: Database, store: ArtifactStore) -> None:
        self._database = database
        self._store = store

    async def make(self, announced: Announcement, by: Actor) -> ModelVersion | None:
        """Make a version of what another model has, the short way; None where it has to be made the long one."""
        if not self._database.writes_in_with:
            return None
        which = {"name": announced.model_name, "sha256": announced.sha256, "digest": announced.digest}
        found = await self._database.find(COPYABLE, key=announced.key or "", **which)
        if found is None or not await self.is_intact(announced.sha256):
            return None
        facts = facts_of(announced, announced.manifest, by)
        told = {"request_id": by.request_id, "details": json.dumps(told_of(announced))}
        as_text = {name: json.dumps(facts[name]) for name in ("metrics", "params", "tags")}
        try:
            made = await self._database.find(COPY, **{**which, **facts, **as_text, **told, **found})
        except Conflict:
            return None
        return None if made is None else new_version(announced.model_name, made["number"], facts, announced.manifest)

    async def twin(self, announced: Announcement) -> str | None:
        """Return the generation of the blob if any model has a version of that digest, and the blob is whole."""
        twin = await self._database.find(TWIN, sha256=announced.sha256, digest=announced.digest)
        return twin["generation"] if twin is not None and await self.is_intact(announced.sha256) else None

    async def is_intact(self, sha256: str) -> bool:
        """Look whether the store has these bytes, whole."""
        try:
            await (await self._store.open(sha256)).aclose()
        except Failed:
            return False
        return True
