"""Running Alembic. Not imported by a registry that serves."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config


def config_for(url: str) -> Config:
    """Return the configuration with which Alembic works on the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config


def upgrade_to_head(url: str) -> None:
    """Apply every revision that the database lacks, in one transaction."""
    command.upgrade(config_for(url), "head")
