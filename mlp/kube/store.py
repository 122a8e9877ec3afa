"""The objects of one kind in one namespace, as this process last saw them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mlp.kube.resource import Object, name_of

_log = logging.getLogger(__name__)

Index = Callable[[Object], str | None]
"""The value under which an object is also found: its owner, the model it serves."""
Keep = Callable[[dict[str, Any]], Object]
"""Returns what is kept of an object; it may change the one it gets."""


def without_managed_fields(obj: dict[str, Any]) -> Object:
    """Return the object without the record of who wrote what, which is often half of it."""
    obj["metadata"].pop("managedFields", None)
    return obj


@dataclass(frozen=True)
class Change:
    """An object before and after; None where it did not or does not exist."""

    name: str
    before: Object | None
    after: Object | None


class Store:
    """Objects by name, and by one index. Any thread may use it.

    Besides what a watch says it takes the answers to our own writes, so that who has written reads what was written:
    an object never gives way to an older version of itself, and one that the watch has seen deleted stays away.
    """

    def __init__(self, keep: Keep = without_managed_fields, index: Index = lambda _: None) -> None:
        self._keep = keep
        self._index = index
        self._lock = threading.Lock()
        self._objects: dict[str, Object] = {}
        self._indexed: dict[str, dict[str, Object]] = {}
        self._seen = 0

    def get(self, name: str) -> Object | None:
        """Return an object, or None."""
        with self._lock:
            return self._objects.get(name)

    def names(self) -> list[str]:
        """Return the names of all objects."""
        with self._lock:
            return list(self._objects)

    def indexed(self, value: str) -> list[Object]:
        """Return the objects whose index is `value`."""
        with self._lock:
            return list(self._indexed.get(value, {}).values())

    def kept(self, obj: dict[str, Any]) -> Object | None:
        """Return what is kept of an object; one that is no object is passed over, for the others' sake."""
        try:
            kept = self._keep(obj)
            _version(kept)
            name_of(kept)
        except (KeyError, TypeError, ValueError, AttributeError):
            _log.exception("an object is passed over: it is malformed")
            return None
        return kept

    def replace(self, kept: Iterable[Object], version: str) -> list[Change]:
        """Hold `kept`, a list as of `version`, and nothing else; return what that changes."""
        with self._lock:
            listed = {name_of(obj): obj for obj in kept}
            self._seen = int(version)
            later = {name for name, obj in self._objects.items() if _version(obj) > self._seen}
            gone = [name for name in self._objects if name not in listed and name not in later]
            changes = [self._put(obj) for obj in listed.values()] + [self._drop(name) for name in gone]
            return [change for change in changes if change is not None]

    def put(self, kept: Object) -> Change | None:
        """Take an object from the watch; None if that is nothing new."""
        with self._lock:
            self._seen = max(self._seen, _version(kept))
            return self._put(kept)

    def delete(self, obj: Object) -> Change | None:
        """Take from the watch that an object is gone; None if it was not here."""
        with self._lock:
            self._seen = max(self._seen, _version(obj))
            known = self._objects.get(name_of(obj))
            return None if known is None or _version(known) > _version(obj) else self._drop(name_of(obj))

    def wrote(self, obj: dict[str, Any]) -> None:
        """Take the answer to a write of our own, unless the watch has told more by now."""
        kept = self.kept(obj)
        with self._lock:
            if kept is not None and _version(kept) > self._seen:
                self._put(kept)

    def _put(self, obj: Object) -> Change | None:
        name = name_of(obj)
        before = self._objects.get(name)
        if before is not None and _version(before) >= _version(obj):
            return None
        self._unindex(before)
        self._objects[name] = obj
        value = self._index(obj)
        if value is not None:
            self._indexed.setdefault(value, {})[name] = obj
        return Change(name, before, obj)

    def _drop(self, name: str) -> Change | None:
        before = self._objects.pop(name, None)
        self._unindex(before)
        return None if before is None else Change(name, before, None)

    def _unindex(self, obj: Object | None) -> None:
        value = None if obj is None else self._index(obj)
        if obj is None or value is None:
            return
        group = self._indexed[value]
        del group[name_of(obj)]
        if not group:
            del self._indexed[value]


def _version(obj: Object) -> int:
    """Return the object's place in the cluster's history; the API promises that versions of a kind compare."""
    return int(obj["metadata"]["resourceVersion"])
