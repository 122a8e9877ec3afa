"""Blobs as objects of any S3: `sha256/ab/<64 hexadecimal digits>`, as the files are."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

from mlp.errors import Precondition, Unavailable
from mlp.registry.store.base import PIECE, Blob, Reader, damaged
from mlp.registry.store.s3_bucket import PART, Bucket, Stored
from mlp.registry.store.s3_client import CONNECTIONS, clients_for
from mlp.registry.store.s3_faults import translated
from mlp.registry.store.settings import StoreSettings

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_LARGE_AT_ONCE = 2  # each holds some parts in memory
_PAGE = 1_000
_REMEMBERED = 10_000
_TRIES = 2


class S3Store:
    """Keeps blobs in a bucket.

    The first time that a blob is asked for, it is read to its end and verified before a byte of it is given; so it is
    when its etag is not the one that was verified. Every read is verified again on its way, and breaks off before its
    last piece when the digest is not right.
    """

    def __init__(self, settings: StoreSettings) -> None:
        name, prefix = settings.s3_location
        self._bucket = Bucket(clients_for(settings), name, prefix, settings.s3_region)
        self._link_seconds = settings.s3_link_seconds
        self._threads = _Threads(settings.s3_timeout_seconds)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._verified = _Etags()
        self._made = False
        self._doubtful = False

    async def prepare(self) -> None:
        """Make the bucket if it is missing. Raises Precondition when that, or writing to it, is not allowed."""
        try:
            await self._threads.run(self._bucket.make)
            self._made = True
        except Unavailable as error:
            log.warning("not ready yet: %s", error.message)

    async def put(self, sha256: str, source: Path) -> None:
        """Send the file; a large one in parts, some at a time. What is half sent is no object."""
        try:
            with translated("put"):
                large = (await asyncio.to_thread(source.stat)).st_size > PART
            if large:
                async with self._large:
                    await self._threads.run(self._bucket.put, sha256, source)
            else:
                await self._threads.run(self._bucket.put, sha256, source)
        except Unavailable:
            self._doubtful = True
            raise
        self._doubtful = False

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> Reader:
        """Ask for the bytes that were verified, or verify those that are there now."""
        for _ in range(_TRIES):
            known = self._verified.of(sha256)
            if known is None:
                known = await self._threads.run(self._bucket.verify, sha256)
                self._verified.remember(sha256, known)
            found = await self._threads.run(self._bucket.get, sha256, start, length)
            if found.etag == known:
                digest = sha256 if start == 0 and length is None else None
                return _ObjectReader(found, self._threads, digest, lambda: self._verified.forget(sha256))
            self._verified.forget(sha256)
            self._threads.begin(found.close)
        raise Unavailable("the stored model is being replaced", code="storage_unavailable")

    async def link(self, sha256: str) -> str | None:
        """Sign a URL with the keys of the registry."""
        if not self._link_seconds:
            return None
        return await self._threads.run(self._bucket.link, sha256, self._link_seconds)

    async def delete(self, sha256: str) -> None:
        """Delete the object."""
        await self._threads.run(self._bucket.delete, sha256)
        self._verified.forget(sha256)

    async def blobs(self) -> AsyncIterator[Blob]:
        """List a page at a time."""
        found = self._bucket.blobs()
        while page := await self._threads.run(lambda: list(islice(found, _PAGE))):
            for blob in page:
                yield blob

    async def check(self) -> None:
        """Look at the bucket; write to it, too, when the last write failed."""
        try:
            if not self._made:
                await self._threads.run(self._bucket.make)
                self._made = True
            await self._threads.run(lambda: self._bucket.look(write=self._doubtful))
        except Precondition as error:
            raise Unavailable(error.message, code="storage_unavailable") from error
        self._doubtful = False


class _Threads:
    """Where the SDK's calls are made: a slow store keeps only its own users waiting, and not all of them for ever."""

    def __init__(self, patience: float) -> None:
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3")
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._patience = patience

    async def run(self, call: Callable[_P, _R], *args: _P.args, **options: _P.kwargs) -> _R:
        """Make a call in a thread. Raises Unavailable when none gets free in time."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable("too many requests wait for the object store", code="storage_unavailable") from error
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **options))
        finally:
            self._turns.release()

    def begin(self, call: Callable[[], None]) -> None:
        """Make a call whose end nobody waits for."""
        self._pool.submit(call)


class _Etags:
    """Which bytes were verified: the etag of each of the blobs that were used last."""

    def __init__(self) -> None:
        self._etags: OrderedDict[str, str] = OrderedDict()

    def of(self, sha256: str) -> str | None:
        return self._etags.get(sha256)

    def remember(self, sha256: str, etag: str) -> None:
        self._etags[sha256] = etag
        self._etags.move_to_end(sha256)
        if len(self._etags) > _REMEMBERED:
            self._etags.popitem(last=False)

    def forget(self, sha256: str) -> None:
        self._etags.pop(sha256, None)


class _ObjectReader:
    """An object on its way out. With a digest, its last piece is held back until all of it has proved right."""

    def __init__(self, stored: Stored, threads: _Threads, sha256: str | None, on_damage: Callable[[], None]) -> None:
        self._stored = stored
        self._threads = threads
        self._sha256 = sha256
        self._on_damage = on_damage
        self._digest = hashlib.sha256()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held = await self._next()
        while held:
            following = await self._next()
            if not following:
                self._prove()
            yield held
            held = following

    async def aclose(self) -> None:
        self._threads.begin(self._stored.close)

    async def _next(self) -> bytes:
        return await self._threads.run(self._read)

    def _read(self) -> bytes:
        piece = self._stored.read(PIECE)
        if self._sha256 is not None:
            self._digest.update(piece)
        return piece

    def _prove(self) -> None:
        if self._sha256 is not None and self._digest.hexdigest() != self._sha256:
            self._on_damage()
            raise damaged()
