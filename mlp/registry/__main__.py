"""`python -m mlp.registry [serve]`: serve until a signal ends it.

`… migrate` brings the database's schema up to date; `… backup FILE` writes all of the registry to one file, and
`… restore FILE` reads it back.

Exit code 0 when that is done, 2 for wrong arguments and settings, 3 when something is not ready for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from mlp.client.own_log import OwnLog
from mlp.errors import Invalid, MlpError
from mlp.registry.app import create_app
from mlp.registry.backup.run import back_up, restore
from mlp.registry.folder import DataFolder
from mlp.registry.log import configure_logs
from mlp.registry.migrations import HEAD, prepare_schema
from mlp.registry.server import open_listener, serve
from mlp.registry.settings import PREFIX, Settings
from mlp.registry.store.base import ArtifactStore
from mlp.registry.store.configured import configured_store

log = logging.getLogger("mlp.registry")


def main() -> int:
    """Do what the arguments say; return the exit code."""
    arguments = vars(_parser().parse_args())
    action = arguments.pop("action")
    os.umask(0o077)
    configure_logs()
    try:
        settings = Settings()
    except ValidationError as error:
        log.error("wrong settings: %s", _words(error))
        return 2
    try:
        action(settings, **arguments)
    except MlpError as error:
        log.error(error.message, extra={"fields": {"code": error.code, "kind": type(error).__name__}})
        if settings.termination_file is not None:
            reason = "".join(word.capitalize() for word in error.code.split("_"))
            settings.termination_file.write_text(json.dumps({"reason": reason, "message": error.message}), "utf-8")
        return 2 if isinstance(error, Invalid) else 3
    return 0


def run(settings: Settings, store: ArtifactStore | None = None) -> None:
    """Serve on the data that `settings` name until a signal ends it; `store` takes the place of the one they name.

    Raises Precondition when the data, the store, the schema or the port cannot be had, Invalid when a token file holds
    none.
    """
    OwnLog.keep(settings.log_file)
    folder = DataFolder(settings.data)
    folder.create()
    folder.lock()
    prepare_schema(settings.database, settings.database_wait_seconds)
    store = store or configured_store(settings, folder.blobs)
    asyncio.run(store.prepare())
    listener = open_listener(settings)
    host, port = listener.getsockname()[:2]
    log.info("serving", extra={"fields": {"host": host, "port": port}})
    serve(create_app(settings, store), settings, listener)


def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date; `serve` does so too, this does it ahead. Raises as `prepare_schema`."""
    DataFolder(settings.data).create()
    prepare_schema(settings.database, settings.database_wait_seconds)
    log.info("the schema is up to date", extra={"fields": {"schema": HEAD}})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mlp.registry", description="The registry, set by its environment.")
    parser.set_defaults(action=run)
    actions = parser.add_subparsers(metavar="serve|migrate|backup|restore", help="serve, if none is given")
    actions.add_parser("serve", help="serve until a signal ends it").set_defaults(action=run)
    actions.add_parser("migrate", help="bring the database's schema up to date").set_defaults(action=migrate)
    writing = actions.add_parser("backup", help="write all of the registry to one file, while it serves")
    writing.add_argument("file", type=Path, metavar="FILE", help="a new file; - is stdout")
    writing.set_defaults(action=back_up)
    reading = actions.add_parser("restore", help="read such a file into an empty registry")
    reading.add_argument("file", type=Path, metavar="FILE")
    reading.add_argument("--replace", action="store_true", help="what the registry holds goes")
    reading.set_defaults(action=restore)
    return parser


def _words(error: ValidationError) -> str:
    return "; ".join(_problem(problem["loc"], problem["msg"]) for problem in error.errors(include_input=False))


def _problem(place: tuple[int | str, ...], message: str) -> str:
    # A problem of several settings together has no place, and names them itself.
    return f"{_variable(str(place[0]))}: {message}" if place else message.removeprefix("Value error, ")


def _variable(field: str) -> str:
    return field if field.isupper() else f"{PREFIX}{field.upper()}"


if __name__ == "__main__":
    sys.exit(main())
