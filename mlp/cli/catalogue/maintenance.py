"""Failures of looking after the registry: backups, restores, migrations."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

MAINTENANCE: Mapping[str, Known] = {
    "registry_missing": Known(
        "MLP5601",
        "No registry there",
        "The data folder or the database holds no registry.",
        "mlp up, or set MLP_REGISTRY_DATA and DATABASE_URL as the server has them",
    ),
    "registry_not_empty": Known(
        "MLP5602",
        "The registry is not empty",
        "A restore adds to nothing: it would mix two histories.",
        "restore into a new data folder or database; --replace drops what is there",
    ),
    "backup_corrupt": Known(
        "MLP5603",
        "Not a whole backup",
        "The file was cut, changed, or never was a backup of a registry.",
        "restore another backup",
    ),
    "backup_unreadable": Known(
        "MLP5604",
        "The backup cannot be read",
        "The file exists, and the system does not let mlp read it.",
        "check the file's permissions",
    ),
    "backup_unwritable": Known(
        "MLP5605",
        "The backup cannot be written",
        "The folder is missing, or the system does not let mlp write there.",
        "name a file in a folder that exists and is yours",
    ),
    "schema_older": Known(
        "MLP5606",
        "The schema is older than this mlp",
        "The database was last used by an older mlp.",
        "mlp registry migrate",
    ),
    "data_in_use": Known(
        "MLP5607",
        "A registry uses the data",
        "Another process has the data folder, and only one may.",
        "mlp down, then again",
    ),
    "data_unusable": Known(
        "MLP5608",
        "The data folder cannot be used",
        "It cannot be made or written to.",
        "check MLP_REGISTRY_DATA and its permissions",
    ),
    "registry_elsewhere": Known(
        "MLP5609",
        "The registry is kept elsewhere",
        "Backups, restores and migrations work on database and store themselves, and those are not on this machine.",
        "where the registry runs: python -m mlp.registry {action}; or set its DATABASE_URL and MLP_REGISTRY_… here",
    ),
    "registry_process_failed": Known(
        "MLP5610",
        "The registry's process failed",
        "It ended without saying why in words that mlp knows.",
        "run python -m mlp.registry with the same arguments",
    ),
}
