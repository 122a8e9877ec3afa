"""What the words of docker and podman mean."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.errors import Denied, Failed, MlpError, Precondition, Unavailable

_NO_SPACE = ("no space left on device", "disk quota exceeded")
_DENIED = ("unauthorized", "denied", "authentication required", "no basic auth credentials", "forbidden")
_UNREACHABLE = (
    "no such host",
    "connection refused",
    "i/o timeout",
    "network is unreachable",
    "connection reset",
    "temporary failure in name resolution",
    "tls: ",
    "x509: ",
    "timeout exceeded",
)
_BASE_IMAGE = (
    "pull access denied",
    "manifest unknown",
    "failed to resolve source metadata",
    "repository does not exist",
)


def engine_silent(engine: str, said: str) -> MlpError:
    """Return why an engine that is installed does not answer."""
    if "permission denied" in said.lower():
        return Denied(f"{engine} refuses this user: {last_line(said)}", code="engine_denied")
    return Precondition(f"{engine} is installed and does not answer: {last_line(said)}", code="engine_not_running")


def build_failure(image: str, base: str, log: Sequence[str]) -> MlpError:
    """Return why a build ended, from the end of its log."""
    said = "\n".join(log).lower()
    last = last_line("\n".join(log))
    if any(words in said for words in _NO_SPACE):
        return Failed(f"no space is left to build {image}: {last}", code="image_no_space")
    final = "\n".join(log[-3:]).lower()
    if any(words in final for words in _BASE_IMAGE) or (
        base.lower() in final and any(w in final for w in _UNREACHABLE)
    ):
        return Failed(
            f"{image} needs the image {base}, which cannot be pulled: {last}",
            code="base_image_missing",
            details={"image": base},
        )
    return Failed(f"{image} was not built: {last}", code="image_build_failed", details={"image": image})


def push_failure(reference: str, said: str) -> MlpError:
    """Return why a push ended."""
    low, last = said.lower(), last_line(said)
    host = reference.partition("/")[0]
    if any(words in low for words in _UNREACHABLE):
        return Unavailable(f"{host} does not take {reference}: {last}", code="image_registry_unreachable")
    if any(words in low for words in _DENIED):
        return Denied(f"{host} refuses {reference}: {last}", code="image_push_denied", details={"host": host})
    return Failed(f"{reference} was not pushed: {last}", code="image_push_failed", details={"image": reference})


def load_failure(image: str, node: str, said: str) -> MlpError:
    """Return why a node did not take an image."""
    if any(words in said.lower() for words in _NO_SPACE):
        return Failed(f"no space is left on node {node} for {image}: {last_line(said)}", code="image_no_space")
    return Failed(f"node {node} did not take {image}: {last_line(said)}", code="image_load_failed")


def last_line(said: str) -> str:
    """Return the line that says what went wrong: the last one with words in it."""
    lines = [line.strip() for line in said.splitlines() if any(c.isalpha() for c in line)]
    hints = ("see '", "run '", "for more information")  # what docker adds about itself
    telling = [line for line in lines if not line.lower().startswith(hints)]
    return (telling or lines or ["it gave no reason"])[-1].removeprefix("ERROR: ").removeprefix("Error: ")
