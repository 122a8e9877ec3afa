"""What a person may decide about the platform on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mlp.api.kind import DEFAULT_NAMESPACE
from mlp.errors import Invalid
from mlp.targets.kubernetes.names import COMPONENTS, MINIO, POSTGRESQL, Component

_SCHEMES = ("postgresql", "postgresql+asyncpg", "postgres")


@dataclass(frozen=True)
class Address:
    """Something outside the platform that its pods reach."""

    url: str
    host: str
    port: int


@dataclass(frozen=True)
class Choices:
    """Where the platform is installed, and what it brings itself."""

    namespace: str = DEFAULT_NAMESPACE
    database: Address | None = None
    """A PostgreSQL in place of the platform's own."""
    store: Address | None = None
    """An S3 in place of the platform's own."""
    bucket: str = "models"
    only: frozenset[str] = frozenset()
    """Names of components; all if empty."""
    image_registry: str | None = None
    """Where the nodes pull the platform's images from, such as `ghcr.io/acme`; if None they have them already."""

    @property
    def components(self) -> tuple[Component, ...]:
        """The components that are installed."""
        brought = {POSTGRESQL: self.database, MINIO: self.store}
        return tuple(
            each for each in COMPONENTS if brought.get(each) is None and (not self.only or each.name in self.only)
        )


def only(names: str | None) -> frozenset[str]:
    """Read `--only a,b`. Raises Invalid (`unknown_component`)."""
    wanted = frozenset(filter(None, (name.strip() for name in (names or "").split(","))))
    known = {component.name for component in COMPONENTS}
    for name in sorted(wanted - known):
        raise Invalid(f"{name!r} is no component; there are: {', '.join(sorted(known))}", code="unknown_component")
    return wanted


def database_at(url: str) -> Address:
    """Read `--database-url`. Raises Invalid (`invalid_database_url`), also where it holds a password."""
    parts = _split(url, "invalid_database_url")
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.username or len(parts.path) < 2:
        raise Invalid("--database-url is postgresql://USER@HOST:PORT/DATABASE", code="invalid_database_url")
    if parts.password is not None:
        raise Invalid(
            "--database-url holds a password, which other users of this machine can read in the process list",
            code="secret_in_argument",
        )
    port = parts.port or 5432
    query = f"?{parts.query}" if parts.query else ""
    path = f"{parts.username}@{parts.hostname}:{port}{parts.path}{query}"
    return Address(f"postgresql+asyncpg://{path}", parts.hostname, port)


def store_at(url: str) -> Address:
    """Read `--s3-endpoint`. Raises Invalid (`invalid_s3_endpoint`), also where it holds keys."""
    parts = _split(url, "invalid_s3_endpoint")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Invalid("--s3-endpoint is http[s]://HOST[:PORT]", code="invalid_s3_endpoint")
    if parts.username is not None:
        raise Invalid(
            "--s3-endpoint holds keys, which other users of this machine can read in the process list",
            code="secret_in_argument",
        )
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Address(f"{parts.scheme}://{parts.netloc}", parts.hostname, port)


def _split(url: str, code: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"this is not a URL: {error}", code=code) from error
    return parts
