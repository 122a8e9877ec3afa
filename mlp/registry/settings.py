"""The registry's settings, read once from the environment at the start."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from mlp.registry.check.confinement import Limits
from mlp.registry.database.address import SQLITE, Address
from mlp.registry.store.settings import StoreSettings
from mlp.registry.webhooks.settings import WebhookSettings

PREFIX = "MLP_REGISTRY_"
GIB = 2**30
MIB = 2**20
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Settings(StoreSettings, WebhookSettings):
    """Every field is the environment variable `MLP_REGISTRY_<FIELD>`, unless it names another."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, validate_by_name=True)

    data: Path
    """The folder of uploads under way, of blobs that are files, and of the database where `database_url` names none."""
    database_url: Annotated[SecretStr | None, Field(alias="DATABASE_URL")] = None
    """DATABASE_URL: `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://USER@HOST:PORT/DATABASE`; secret, because the
    URL may hold a password."""
    database_password_file: Annotated[Path | None, Field(alias="DATABASE_PASSWORD_FILE")] = None
    """DATABASE_PASSWORD_FILE: holds PostgreSQL's password; read anew at each connection."""
    database_connections: Annotated[int, Field(ge=2, le=1_000)] = 16
    """The most connections to PostgreSQL."""
    database_wait_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How long a start waits for a database that does not answer yet."""
    host: str = "127.0.0.1"
    """Beyond loopback only with a token, see `guarded`."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """0 lets the system choose one."""
    admin_token_file: Path | None = None
    """A file with the token that may do everything, read again when it changes."""
    read_token_file: Path | None = None
    """A file with the token with which model servers fetch models, read again when it changes."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """The names in `Host` headers that are served, separated by commas; any, if none is named and tokens guard."""
    max_model_bytes: Annotated[int, Field(ge=1)] = 2 * GIB
    max_document_bytes: Annotated[int, Field(ge=1)] = 4 * MIB
    """The largest JSON body."""
    head_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long the line and headers of a request may take to arrive, and a new connection may say nothing."""
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
    log_file: Annotated[Path | None, Field(alias="MLP_LOG_FILE")] = None
    """MLP_LOG_FILE: the file that stderr is; once it was put aside, the new one of that name is written."""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _separated(cls, hosts: object) -> object:
        if isinstance(hosts, str):
            return tuple(host for part in hosts.split(",") if (host := part.strip().lower()))
        return hosts

    @model_validator(mode="after")
    def _no_open_bind(self) -> Self:
        if self.listen_fd is None and not self.guarded and not is_loopback(self.host):
            raise ValueError(
                "MLP_REGISTRY_HOST is beyond loopback (127.0.0.1, ::1, localhost) and nobody is asked for a token: "
                "name a file that holds one in MLP_REGISTRY_ADMIN_TOKEN_FILE"
            )
        return self

    @field_validator("database_url")
    @classmethod
    def _spoken(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            Address(url.get_secret_value())
        return url

    @field_validator("database_password_file")
    @classmethod
    def _readable(cls, file: Path | None) -> Path | None:
        if file is not None and not os.access(file, os.R_OK):
            raise ValueError(f"{file} cannot be read")
        return file

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: Path) -> Path:
        return data.absolute()

    @property
    def database(self) -> Address:
        """Where the database is."""
        if self.database_url is None:
            return Address(f"{SQLITE}{self.data / 'registry.db'}")
        return Address(self.database_url.get_secret_value(), self.database_password_file, self.database_connections)

    @property
    def guarded(self) -> bool:
        """Whether callers need a token. Without one only this machine is served."""
        return self.admin_token_file is not None or self.read_token_file is not None

    @property
    def hosts(self) -> frozenset[str] | None:
        """The names in `Host` headers that are served; None for any.

        A registry without tokens is known by names of this machine alone: a page in a browser can send requests here
        under a name of its own (DNS rebinding), but it cannot send a token.
        """
        if self.guarded:
            return frozenset(self.allowed_hosts) or None
        return _LOOPBACK | {self.host, *self.allowed_hosts}

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
