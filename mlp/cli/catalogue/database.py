"""Failures of the registry's database."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

DATABASE: Mapping[str, Known] = {
    "database_unavailable": Known(
        "MLP5401",
        "The registry's database does not answer",
        "It is down, starts, was failed over to a standby that is read-only, or cannot be reached.",
        "try again in a few seconds; else look at the database: no restart of the registry is needed",
    ),
    "database_busy": Known(
        "MLP5402",
        "The registry's database is busy",
        "A connection or a row did not become free in time.",
        "try again; if it stays, raise MLP_REGISTRY_DATABASE_CONNECTIONS or ask for less at once",
    ),
    "database_unusable": Known(
        "MLP5403",
        "The registry's database cannot be used",
        "The user, the password or the database's name is wrong, or the file is no database.",
        "correct DATABASE_URL and DATABASE_PASSWORD_FILE as the message says",
    ),
    "schema_newer": Known(
        "MLP5404",
        "Of a newer mlp",
        "A later version wrote the database or the backup, in a schema that this one does not understand.",
        "use mlp of that version or later; nothing was changed",
    ),
    "schema_upgrade_failed": Known(
        "MLP5405",
        "The database's schema could not be upgraded",
        "A step of the migration failed, and all of it was undone.",
        "read the registry's log, mend what it names, then: python -m mlp.registry migrate",
    ),
}
