"""Running Alembic. Not imported by a registry that serves."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from mlp.registry.database import Address


def config_for(address: Address) -> Config:
    """Return the configuration with which Alembic works on the database at `address`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["address"] = address
    return config


def upgrade_to_head(address: Address) -> None:
    """Apply every revision that the database lacks, in one transaction."""
    command.upgrade(config_for(address), "head")
