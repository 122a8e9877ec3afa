"""The server's settings, read once from the environment by `__main__` and passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

from mlp.api.naming import ModelName
from mlp.api.reference import MAX_VERSION
from mlp.errors import Invalid
from mlp.inference.http1.limits import Limits

PREFIX = "MLP_"
_DRAIN_OWN = 5.0
_DRAIN_INHERITED = 1.5

_IN_ANY_CASE = BeforeValidator(lambda word: word.lower() if isinstance(word, str) else word)


def _separated(names: object) -> object:
    """Return the names in a list that is separated by commas."""
    return tuple(filter(None, (name.strip().lower() for name in names.split(",")))) if isinstance(names, str) else names


_HOST = re.compile(r"[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?|[0-9a-f:]*:[0-9a-f.]*:[0-9a-f:.]*")
"""A name in small letters, or an address, as it stands in `Host` without port and brackets."""


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names; raise ValueError for one that no `Host` would ever match."""
    if not all(map(_HOST.fullmatch, names)):
        raise ValueError("must be names or addresses of hosts, without http://, ports and *")
    return names


_PLAIN: Mapping[str, str] = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "string_too_long": "must have {max_length} characters or fewer",
}
_PATTERNS: Mapping[str, str] = {
    "model_name": "must be small letters, digits and hyphens, a letter first and no hyphen last",
    "model_digest": "must be 64 hexadecimal digits, a to f in small letters",
    "registry_url": "must begin with http:// or https://",
}

FileDescriptor = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """Each field is the environment variable of its name in capitals, after `MLP_`; an empty variable is an unset one.

    The model comes from a registry (name, version and URL are given) or from two files, which the registry's checker
    judges first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model_name: ModelName = "model"
    """What to serve; needed with a registry."""
    model_version: Annotated[int, Field(ge=1, le=MAX_VERSION)] = 1
    """Which version of it; needed with a registry."""
    model_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The version's digest: what has another one is not served, and with it a cached model needs no registry."""
    registry_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Where the registry answers."""
    registry_token_file: Path | None = None
    """A file that holds the bearer token for the registry."""
    cache_dir: Path = Path("~/.cache/mlp/models")
    """Where fetched models are kept, by digest."""
    model_file: Path | None = None
    """An ONNX file on this machine, instead of a registry."""
    manifest_file: Path | None = None
    """The manifest (JSON) that belongs to the ONNX file."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8001
    """The port for HTTP; 0 takes any."""
    health_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """Where `/health`, `/ready` and `/metrics` are answered besides, by a thread of their own; 0 takes any port."""
    grpc_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """Where the Open Inference Protocol is spoken over gRPC besides, which wants the extra `mlp[grpc]`; 0 takes any."""
    listen_fd: FileDescriptor | None = None
    """An inherited, listening TCP socket to serve on, instead of host and port."""
    ready_fd: FileDescriptor | None = None
    """An inherited file or pipe, told once when the server is ready."""
    termination_file: Path | None = None
    """Where the reason of a failed start is written."""
    log_file: Path | None = None
    """The file that stderr is; once it was put aside, the new one of that name is written."""
    drain_seconds: Annotated[float, Field(ge=0)] | None = None
    """How long connections are still served after SIGTERM; by default 5 s, or 1.5 s on an inherited socket."""
    api_keys_file: Path | None = None
    """A file of keys that callers have to show, one a line; read again when it changes."""
    allow_open: bool = False
    """Serve callers from other machines although nobody is asked for a key."""
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_separated), AfterValidator(_hosts)] | None = None
    """Names in `Host` headers that are served besides this machine's, separated by commas; with keys the only ones."""
    max_body_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    """The largest request body; 1,000 rows of 30 numbers are about 600,000 bytes."""
    max_rows: Annotated[int, Field(ge=1)] = 50_000
    """The most rows of one request."""
    otel: bool = False
    """Send a span of every request by OTLP, which wants the extra `mlp[otel]`; where to, OTEL_… variables say."""
    max_in_flight: Annotated[int, Field(ge=1, le=65_536)] = 256
    """The most requests that are answered at once; further ones are refused."""
    max_queue: Annotated[int, Field(ge=1, le=65_536)] = 192
    """How many of them may wait for the model."""
    request_timeout_seconds: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    """How long a request waits for the model at most, where its caller names no time."""
    batching: Annotated[Literal["auto", "on", "off"], _IN_ANY_CASE] = "auto"
    """Whether requests share runs of the model; `auto` measures at start whether that pays."""
    batch_rows: Annotated[int, Field(ge=1)] = 64
    """The most rows of a run that several requests share."""
    batch_wait_ms: Annotated[float, Field(ge=0, le=1_000)] = 0.0
    """How long a request waits for company while the model is free."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _IN_ANY_CASE] = "info"
    """From which level on the log has lines; `debug` adds one a request."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; raise Invalid (`invalid_setting`) naming the variable that is wrong or missing."""
        given = {field: environment.get(PREFIX + field.upper()) for field in cls.model_fields}
        try:
            return cls.model_validate({field: value for field, value in given.items() if value})
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise Invalid(_in_words(fault), code="invalid_setting") from None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.model_file is None) != (self.manifest_file is None):
            raise ValueError("MLP_MODEL_FILE and MLP_MANIFEST_FILE belong together: set both")
        if self.model_file is not None and self.registry_url is not None:
            raise ValueError("MLP_MODEL_FILE and MLP_REGISTRY_URL are two sources of the model: set one of them")
        needed = {"registry_url", "model_name", "model_version"}
        if self.model_file is None and not needed <= self.model_fields_set:
            raise ValueError(
                "no model: set MLP_MODEL_NAME, MLP_MODEL_VERSION and MLP_REGISTRY_URL, "
                "or MLP_MODEL_FILE and MLP_MANIFEST_FILE"
            )
        return self

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        ports: dict[int, str] = {}
        for setting in ("health_port", "grpc_port", *(() if self.listen_fd is not None else ("port",))):
            port = getattr(self, setting)
            if port and ports.setdefault(port, setting) != setting:
                raise ValueError(f"{variable_of(setting)} and {variable_of(ports[port])} are both {port}")
        if {"max_queue", "max_in_flight"} <= self.model_fields_set and self.max_queue > self.max_in_flight:
            raise ValueError(
                "MLP_MAX_QUEUE is more than MLP_MAX_IN_FLIGHT: who waits for the model counts among those in flight"
            )
        return self

    @property
    def drain(self) -> float:
        """Seconds of draining: someone else accepts on an inherited socket, so callers need less time to move."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return _DRAIN_OWN if self.listen_fd is None else _DRAIN_INHERITED

    @property
    def limits(self) -> Limits:
        """What callers may ask of the HTTP port."""
        room = max(Limits.buffered_bytes, 2 * self.max_body_bytes)
        return Limits(body_bytes=self.max_body_bytes, buffered_bytes=room, in_flight=self.max_in_flight)


def flag_of(setting: str) -> str:
    """Return the flag of a setting, as in `--grpc-port`."""
    return f"--{setting.replace('_', '-')}"


def variable_of(setting: str) -> str:
    """Return the environment variable of a setting, as in `MLP_GRPC_PORT`."""
    return PREFIX + setting.upper()


def _in_words(fault: ErrorDetails) -> str:
    """Return what is wrong with which setting; a value is not repeated."""
    message = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    setting = str(fault["loc"][0])
    words = _PLAIN.get(fault["type"])
    if words is not None:
        limits = fault.get("ctx", {})
        message = words.format(**{name: f"{at:n}" if isinstance(at, float) else at for name, at in limits.items()})
    elif fault["type"] == "string_pattern_mismatch":
        message = _PATTERNS.get(setting, message)
    return f"{variable_of(setting)} ({flag_of(setting)}): {message}"
