"""An answer that is not there yet, and who waits for it.

asyncio's futures call those who wait in a later turn of the loop, and coroutines need a task each; together they cost
a small model's request as much as the model itself. A promise calls whoever waits at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, Protocol, TypeVar

Value = TypeVar("Value")
Other = TypeVar("Other")
Settled = Callable[[Any, BaseException | None], None]
"""Takes the value and None, or anything and the error."""


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


class Promise(Generic[Value]):
    """Kept or broken once, on the event loop; one waits for it, who may give it up (`cancel`) or await it."""

    __slots__ = ("_error", "_source", "_value", "_waits", "is_done")

    def __init__(self, source: _Cancellable | None = None) -> None:
        """`source` is what need not go on when nobody waits for this any more."""
        self.is_done = False
        self._source = source
        self._waits: Settled | None = None
        self._value: Any = None
        self._error: BaseException | None = None

    @classmethod
    def of(cls, work: Coroutine[Any, Any, Value]) -> Promise[Value]:
        """Return the promise of what a coroutine comes to, which runs from now on."""
        task = asyncio.ensure_future(work)
        promise = cls(task)

        def ended(_: asyncio.Future[Value]) -> None:
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            promise._settle(None if error is not None else task.result(), error)

        task.add_done_callback(ended)
        return promise

    def keep(self, value: Value) -> None:
        """Give the value to whoever waits; nobody does if it has been given up."""
        self._settle(value, None)

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits that there will be no value."""
        self._settle(None, error)

    def cancel(self) -> None:
        """Give it up: whoever waits gets asyncio's CancelledError, and the source is told."""
        if not self.is_done:
            self._settle(None, asyncio.CancelledError())
            if self._source is not None:
                self._source.cancel()

    def settle(self, waits: Settled) -> None:
        """Have `waits` called with what comes of it: now if that is known, else at the very moment when it is."""
        if self.is_done:
            waits(self._value, self._error)
        else:
            self._waits = waits

    def map(self, made: Callable[[Value], Other], mended: Callable[[Exception], Other] | None = None) -> Promise[Other]:
        """Return the promise of what `made` makes of the value, or `mended` of the failure; either may raise."""
        promise: Promise[Other] = Promise(self)

        def settled(value: Any, error: BaseException | None) -> None:
            if promise.is_done:
                return
            try:
                if error is None:
                    result = made(value)
                elif mended is not None and isinstance(error, Exception):
                    result = mended(error)
                else:
                    promise.fail(error)
                    return
            except Exception as failure:  # noqa: BLE001  whoever waits hears of it
                promise.fail(failure)
                return
            promise.keep(result)

        self.settle(settled)
        return promise

    def __await__(self) -> Generator[Any, None, Value]:
        future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()

        def settled(value: Value, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(value)
            elif isinstance(error, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(error)

        self.settle(settled)
        future.add_done_callback(lambda done: self.cancel() if done.cancelled() else None)
        return future.__await__()

    def _settle(self, value: Any, error: BaseException | None) -> None:
        if self.is_done:
            return
        self.is_done = True
        self._value, self._error = value, error
        waits, self._waits = self._waits, None
        if waits is not None:
            waits(value, error)
