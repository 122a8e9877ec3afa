"""Tokens: made, listed, revoked, and found by what is kept of them."""

from __future__ import annotations

import asyncio
import hmac
import logging
from datetime import UTC, datetime, timedelta

from mlp.api.token import NewToken, Scope, Token, TokenList, TokenRequest
from mlp.errors import Conflict, Invalid, MlpError, NotFound
from mlp.registry.access.bearer import hash_of, new_token
from mlp.registry.access.caller import ANONYMOUS, Caller
from mlp.registry.access.memory import TokenMemory
from mlp.registry.access.token_files import ADMIN_NAME, READ_NAME
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.tables import TokenRow

log = logging.getLogger(__name__)

_RESERVED = frozenset({ADMIN_NAME, READ_NAME, ANONYMOUS.name, "registry"})
_COARSE = timedelta(minutes=10)


class Tokens:
    """The tokens in the database. `guarded` says whether this registry asks anybody for one."""

    def __init__(self, database: Database, memory: TokenMemory, *, guarded: bool) -> None:
        self._database = database
        self._memory = memory
        self._guarded = guarded
        self._noting: set[asyncio.Task[None]] = set()

    async def create(self, request: TokenRequest, by: Actor) -> NewToken:
        """Make a token; what is returned is its only copy.

        Raises Conflict: `token_exists`, or `registry_open` where a token would guard nothing.
        """
        if not self._guarded:
            raise Conflict(
                "this registry serves its own machine alone and asks nobody for a token; "
                "start it with MLP_REGISTRY_ADMIN_TOKEN_FILE first",
                code="registry_open",
            )
        if request.name in _RESERVED:
            raise Invalid(f"the name {request.name!r} is the registry's own", code="token_name_reserved")
        token, now = new_token(), datetime.now(UTC)
        row = TokenRow(
            name=request.name,
            sha256=hash_of(token),
            scope=request.scope.value,
            created_at=now,
            created_by=by.name,
            expires_at=None if request.expires_in is None else now + timedelta(seconds=request.expires_in),
        )
        async with self._database.writing() as rows:
            if not await rows.tokens.add(row):
                raise Conflict(f"there is a token {request.name!r} already", code="token_exists")
            rows.events.record("token.created", by, details=_facts(row))
        return NewToken(token=token, **_document(row).model_dump())

    async def page(self, *, cursor: str | None, limit: int) -> TokenList:
        """Return a page of tokens by name; `cursor` is the last name of the page before."""
        async with self._database.reading() as rows:
            found = await rows.tokens.page(after=cursor, limit=limit + 1)
        items = [_document(row) for row in found[:limit]]
        return TokenList(items=items, next=items[-1].name if len(found) > limit else None)

    async def revoke(self, name: str, by: Actor) -> None:
        """Delete a token: this replica refuses it from now on, others within seconds. Raises NotFound."""
        async with self._database.writing() as rows:
            row = await rows.tokens.to_change(name)
            if row is None:
                raise NotFound(f"there is no token {name!r}", code="token_not_found", details={"name": name})
            await rows.tokens.delete(row)
            rows.events.record("token.revoked", by, details=_facts(row))
        self._memory.forget(row.sha256)

    async def holder(self, sha256: str) -> Caller | None:
        """Return who holds the token with that hash, and note that it was used."""
        async with self._database.reading() as rows:
            row = await rows.tokens.of_hash(sha256)
        if row is None or not hmac.compare_digest(row.sha256, sha256):
            return None
        if row.last_used_at is None or row.last_used_at < datetime.now(UTC) - _COARSE:
            noting = asyncio.create_task(self._note_use(sha256))
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)
        return Caller(row.name, Scope(row.scope), row.expires_at)

    async def close(self) -> None:
        """Finish what is being noted."""
        await asyncio.gather(*self._noting)

    async def _note_use(self, sha256: str) -> None:
        # After the request, not within it: whoever only reads does not wait for a write.
        try:
            async with self._database.writing() as rows:
                await rows.tokens.use(sha256, datetime.now(UTC))
        except MlpError as error:
            log.warning("the use of a token was not noted: %s", error.message)


def _facts(row: TokenRow) -> dict[str, object]:
    return {
        "token": row.name,
        "scope": row.scope,
        "expires_at": None if row.expires_at is None else row.expires_at.isoformat(timespec="seconds"),
    }


def _document(row: TokenRow) -> Token:
    return Token(
        name=row.name,
        scope=Scope(row.scope),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
