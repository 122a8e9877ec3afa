"""Which store keeps the blobs, and how it is reached."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PREFIX = r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?"
_LONGEST_LINK = int(timedelta(days=7).total_seconds())  # what Signature Version 4 allows

Endpoint = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$")]


class StoreSettings(BaseSettings):
    """The part of the registry's settings that is about the store. Keys come from files or from the environment."""

    store: Annotated[str, Field(pattern=rf"^(files|s3://{_BUCKET}{_PREFIX})$")] = "files"
    """`files` (in the data folder), or `s3://BUCKET` or `s3://BUCKET/PREFIX`."""
    s3_endpoint: Annotated[
        Endpoint | None,
        Field(validation_alias=AliasChoices("MLP_REGISTRY_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")),
    ] = None
    """MLP_REGISTRY_S3_ENDPOINT, else AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL: such as https://minio:9000; without it,
    AWS in that region. Its scheme says whether TLS is spoken."""
    s3_public_endpoint: Endpoint | None = None
    """Where model servers reach the same store, if not at `s3_endpoint`: presigned URLs point there."""
    s3_region: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9-]{1,64}$",
            validation_alias=AliasChoices("MLP_REGISTRY_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        ),
    ] = "us-east-1"
    """MLP_REGISTRY_S3_REGION, else AWS_REGION or AWS_DEFAULT_REGION."""
    s3_addressing: Literal["auto", "path", "virtual"] = "auto"
    """Whether the bucket is part of the path or of the host name; `auto` is virtual on AWS and path elsewhere."""
    s3_ca_file: Annotated[
        Path | None,
        Field(validation_alias=AliasChoices("MLP_REGISTRY_S3_CA_FILE", "AWS_CA_BUNDLE", "SSL_CERT_FILE")),
    ] = None
    """MLP_REGISTRY_S3_CA_FILE, else AWS_CA_BUNDLE or SSL_CERT_FILE: certificates (PEM) of the authorities that vouch
    for the endpoint, in place of the system's."""
    s3_access_key_file: Path | None = None
    s3_secret_key_file: Path | None = None
    """Files that hold the keys, such as a mounted Secret; they are read again for each request, so they may change."""
    s3_access_key: Annotated[SecretStr | None, Field(validation_alias="AWS_ACCESS_KEY_ID")] = None
    s3_secret_key: Annotated[SecretStr | None, Field(validation_alias="AWS_SECRET_ACCESS_KEY")] = None
    s3_session_token: Annotated[SecretStr | None, Field(validation_alias="AWS_SESSION_TOKEN")] = None
    """AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: the keys where no files are named."""
    s3_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """How long the store may be silent within a request."""
    s3_link_seconds: Annotated[int, Field(ge=0, le=_LONGEST_LINK)] = 600
    """How long a presigned URL is valid; 0 makes none, and the bytes always come from the registry."""

    @model_validator(mode="after")
    def _keys_for_s3(self) -> Self:
        if self.store == "files":
            return self
        if (self.s3_access_key_file is None) != (self.s3_secret_key_file is None):
            raise ValueError("MLP_REGISTRY_S3_ACCESS_KEY_FILE and MLP_REGISTRY_S3_SECRET_KEY_FILE belong together")
        if self.s3_access_key_file is None and (self.s3_access_key is None or self.s3_secret_key is None):
            raise ValueError(
                "S3 needs keys: MLP_REGISTRY_S3_ACCESS_KEY_FILE and MLP_REGISTRY_S3_SECRET_KEY_FILE, "
                "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        return self

    @property
    def s3_location(self) -> tuple[str, str]:
        """Bucket and prefix of `store`; the prefix is empty or ends with a slash."""
        bucket, _, prefix = self.store.removeprefix("s3://").partition("/")
        return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
