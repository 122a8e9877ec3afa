"""The client, towards registries that are not there, or are no registries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mlp.client.catalog import Catalog
from mlp.client.registry import RegistryClient
from mlp.errors import Failed, NotFound, Precondition, Unavailable


class NoRegistry(BaseHTTPRequestHandler):
    """Answers every GET with HTML, and remembers who asked."""

    tokens: list[str | None] = []

    def do_GET(self) -> None:
        self.tokens.append(self.headers["Authorization"])
        self.send_response(404 if self.path.endswith("absent") else 200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def impostor() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), NoRegistry) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_nobody_there_is_unavailable() -> None:
    with RegistryClient("http://127.0.0.1:1") as client, pytest.raises(Unavailable) as refusal:
        client.ready()
    assert refusal.value.code == "connection_refused"


@pytest.mark.parametrize("kind", [RegistryClient, Catalog])
def test_something_else_there_is_told(impostor: str, kind: type[RegistryClient] | type[Catalog]) -> None:
    with closing(kind(impostor)) as client:
        with pytest.raises(Failed) as refusal:
            client.model("iris")
        with pytest.raises(NotFound):
            client.model("absent")
    assert refusal.value.code == "unexpected_answer"


def test_a_catalog_shows_its_token(impostor: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush\n")
    with closing(Catalog(impostor, token_file=tmp_path / "token")) as catalog, pytest.raises(Failed) as refusal:
        catalog.models()
    assert NoRegistry.tokens[-1] == "Bearer hush"
    assert impostor in refusal.value.message


def test_the_token_is_read_from_its_file_and_sent(impostor: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    with RegistryClient(impostor, token_file=file) as client:
        client.ready()
    assert NoRegistry.tokens[-1] == "Bearer secret"
    with pytest.raises(Precondition) as refusal:
        RegistryClient(impostor, token_file=tmp_path / "absent")
    assert refusal.value.code == "token_unreadable"
