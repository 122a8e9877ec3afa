"""Where the database is, and how the registry proves who it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SQLITE = "sqlite+aiosqlite:///"
POSTGRESQL = "postgresql+asyncpg://"
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,]*)(:[0-9]{1,5})?"
_HOSTS = re.compile(f"{_HOST}(,{_HOST})*")


@dataclass(frozen=True)
class Address:
    """A database's URL, and the file that holds its password, where the URL does not.

    Its `repr` shows no password. The file is read at each new connection, so that a changed password needs no restart.
    """

    url: str = field(repr=False)
    """`sqlite+aiosqlite:///FILE`, or `postgresql+asyncpg://USER@HOST:PORT/DATABASE` with the parameters of libpq."""
    password_file: Path | None = None
    connections: int = 16
    """The most connections that this process opens to PostgreSQL, half of them for reading alone."""

    def __post_init__(self) -> None:
        """Raise ValueError when the URL is of no database that is spoken here."""
        if self.url.startswith(SQLITE) and len(self.url) > len(SQLITE):
            return
        if not self.url.startswith(POSTGRESQL) or not _is_whole(self.url):
            raise ValueError(f"must be {SQLITE}FILE or {POSTGRESQL}USER@HOST:PORT/DATABASE")

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.url.startswith(SQLITE)

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None for another database."""
        return Path(self.url.removeprefix(SQLITE).partition("?")[0]) if self.is_sqlite else None

    @property
    def dsn(self) -> str:
        """The URL as PostgreSQL's own clients write it."""
        return "postgresql://" + self.url.removeprefix(POSTGRESQL)

    def password(self) -> str | None:
        """Read the password's file; None where there is none. Raises OSError when it cannot be read."""
        return None if self.password_file is None else self.password_file.read_text("utf-8").strip("\r\n")


def _is_whole(url: str) -> bool:
    """Whether hosts and ports are such, and a database is named. What is wrong is not told: it may be a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2]
    return _HOSTS.fullmatch(hosts) is not None and parts.path.strip("/") != ""
