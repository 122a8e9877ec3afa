"""A migration that kills itself, without any farewell, before a statement."""

from __future__ import annotations

import os
import signal
from typing import Any

from sqlalchemy import Engine, event

from mlp.registry.__main__ import migrate
from mlp.registry.log import configure_logs
from mlp.registry.settings import Settings


def migrate_until(beginning: str) -> None:
    """Migrate up to the first statement that begins so."""

    @event.listens_for(Engine, "before_cursor_execute")
    def die(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.strip().startswith(beginning):
            os.kill(os.getppid(), signal.SIGKILL)  # the registry, of which the migration is a fork
            os.kill(os.getpid(), signal.SIGKILL)

    configure_logs()
    migrate(Settings())
