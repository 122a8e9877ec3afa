"""The agent's settings, read once from the environment."""

from __future__ import annotations

import sys
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65_535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """Each field is the environment variable of its name in capitals, after `MLP_`."""

    model_config = SettingsConfigDict(env_prefix="MLP_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: str | None = None
    """The platform's folder; by default the user's data folder."""
    registry_port: Port | None = None
    """Where the registry listens; by default where it did before, 8000 at first."""
    model_port: Port | None = None
    """The first port tried for a new deployment; by default the one of before, 8001 at first."""
    allowed_hosts: str = ""
    """Under which names, besides this machine's, models may be asked, separated by commas: those of a proxy."""
    start_seconds: Seconds = 60
    """How long a process may take to become ready."""
    drain_seconds: Seconds = 2
    """How long a process that ends goes on answering the connections it has."""
    finish_seconds: Seconds = 5
    """How long after that it may take to finish requests under way, before it is ended by force."""
    retry_seconds: Seconds = 0.5
    """The wait before a process that ended is started again; it doubles with each failure in a row."""
    longest_retry_seconds: Seconds = 30
    steady_seconds: Seconds = 60
    """After running this long a process is as good as new: its failures are forgotten."""
    use_seconds: Seconds = 180
    """How often the registry is told which versions are served here; it forgets that after 10 minutes."""
    log_bytes: Annotated[int, Field(ge=1)] = 10_000_000
    """A log larger than this is put aside; three older ones are kept."""
    log_look_seconds: Seconds = 10
    """How often the size of logs is looked at."""
    registry_command: tuple[str, ...] = (sys.executable, "-P", "-m", "mlp.registry")
    model_command: tuple[str, ...] = (sys.executable, "-P", "-m", "mlp.inference")

    @property
    def end_seconds(self) -> float:
        """How long a process may take to end when it is asked to."""
        return self.drain_seconds + self.finish_seconds
