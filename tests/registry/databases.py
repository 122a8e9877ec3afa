"""On which database a registry of the tests keeps its rows."""

from __future__ import annotations

import pytest
from postgresql_server import Postgresql

ON_BOTH_DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True, scope="module")
"""Set as a module's `pytestmark`, it runs each test of it with a registry on SQLite and with one on PostgreSQL."""


class Databases:
    """Gives each data folder a database of its own, and the same one when it is asked again."""

    def __init__(self, server: Postgresql | None) -> None:
        self._server = server
        self._names: dict[str, str] = {}

    def settings(self, folder: str) -> dict[str, str]:
        """The settings of a registry whose data lies in that folder; none where its database is there too."""
        if self._server is None:
            return {}
        if folder not in self._names:
            self._names[folder] = self._server.new_database()
        return {"DATABASE_URL": self._server.url(self._names[folder])}

    def forget(self) -> None:
        """Drop what was made."""
        for name in self._names.values():
            self._server.drop_database(name)
