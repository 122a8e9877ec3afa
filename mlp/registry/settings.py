"""The registry's settings, read once from the environment at the start."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlp.registry.check.confinement import Limits

PREFIX = "MLP_REGISTRY_"
GIB = 2**30
MIB = 2**20


class Settings(BaseSettings):
    """Every field is the environment variable `MLP_REGISTRY_<FIELD>`, unless it names another."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, validate_by_name=True)

    data: Path
    """The folder of blobs, and of the database where `database_url` names none."""
    database_url: Annotated[str | None, Field(alias="DATABASE_URL", pattern=r"^sqlite\+aiosqlite:///.+")] = None
    """DATABASE_URL."""
    host: str = "127.0.0.1"
    """Loopback only: there are no tokens yet that could guard another address."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """0 lets the system choose one."""
    max_model_bytes: Annotated[int, Field(ge=1)] = 2 * GIB
    max_document_bytes: Annotated[int, Field(ge=1)] = 4 * MIB
    """The largest JSON body."""
    idle_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How long a client may pause within a body before it is given up."""
    drain_seconds: Annotated[float, Field(ge=0)] = 1.0
    """After SIGTERM: how long idle connections are still answered, with `Connection: close`."""
    finish_seconds: Annotated[int, Field(ge=0)] = 60
    """After that: how long requests under way may take to finish."""
    judge_seconds: Annotated[float, Field(gt=0, le=10)] = Limits.seconds
    """How long the judgement of a small model may take."""
    judge_memory: Annotated[int, Field(ge=64 * MIB)] = Limits.memory
    """Bytes that the judgement of a small model may use beyond ONNX Runtime itself."""
    listen_fd: Annotated[int | None, Field(alias="MLP_LISTEN_FD", ge=0)] = None
    """MLP_LISTEN_FD: an inherited, listening socket to serve on, in place of host and port."""
    ready_fd: Annotated[int | None, Field(alias="MLP_READY_FD", ge=0)] = None
    """MLP_READY_FD: an inherited pipe that is told, in a line of JSON, when the registry is ready."""
    termination_file: Annotated[Path | None, Field(alias="MLP_TERMINATION_FILE")] = None
    """MLP_TERMINATION_FILE: where the reason of a failed start is written."""

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if not is_loopback(host):
            raise ValueError(
                "the registry listens on loopback only (127.0.0.1, ::1 or localhost): it has no tokens yet"
            )
        return host

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: Path) -> Path:
        return data.absolute()

    @property
    def database(self) -> str:
        """Where the database is, as a URL of SQLAlchemy."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'registry.db'}"

    @property
    def limits(self) -> Limits:
        """What the judgement of a small model may use."""
        return Limits(seconds=self.judge_seconds, memory=self.judge_memory)


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
