"""PostgreSQL ends, turns read-only, fills up, falls silent: what clients are told, and that no restart is needed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgresql_proxy import Proxy
from postgresql_server import Postgresql
from registry_process import Registry, kill
from sample_models import announce, code_of, linear_model, put

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON versions FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgresql]:
    """A PostgreSQL that the tests of this module may stop; it keeps what it committed when it crashes."""
    server = Postgresql(synchronous_commit="on")
    yield server
    server.remove()


@pytest.fixture(scope="module")
def name(mortal: Postgresql) -> str:
    return mortal.new_database()


@pytest.fixture(scope="module")
def network(mortal: Postgresql) -> Iterator[Proxy]:
    with Proxy(mortal.socket) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, network: Proxy, name: str) -> Iterator[Registry]:
    """A registry with one connection that writes and one that reads, through the proxy."""
    settings = {
        "DATABASE_URL": f"postgresql+asyncpg://postgres@127.0.0.1:{network.port}/{name}",
        "MLP_REGISTRY_DATABASE_CONNECTIONS": "2",
    }
    shared = Registry(tmp_path_factory.mktemp("faults") / "registry", settings=settings).start()
    with shared.client() as client:
        sample = linear_model(1)
        client.push("iris", sample.manifest, sample.onnx)
    yield shared
    kill(shared)


@pytest.fixture(autouse=True)
def same_process(registry: Registry, network: Proxy, http: httpx.Client) -> Iterator[None]:
    """Whatever a test does, the process lives on and is well again at its end."""
    yield
    network.resume()
    assert registry.process.poll() is None
    recovered(lambda: http.get("/ready").status_code == 200)
    assert not [line for line in registry.log_lines() if line["message"] == "request failed"]


def recovered(condition: Callable[[], bool]) -> None:
    """Wait for a condition; ten seconds are promised on a machine that has nothing else to do."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refused(answer: httpx.Response, code: str = "database_unavailable") -> None:
    assert (answer.status_code, code_of(answer)) == (503, code)
    assert answer.headers["retry-after"] == "1"


def new_name() -> str:
    return f"m-{time.monotonic_ns()}"


def create(http: httpx.Client) -> httpx.Response:
    return http.post("/models", json={"name": new_name()})


def works(http: httpx.Client) -> bool:
    return http.get("/models/iris/versions/1").status_code == 200 and create(http).status_code == 201


def test_a_restart_of_the_database_is_got_over(mortal: Postgresql, http: httpx.Client) -> None:
    mortal.stop()
    for path in ("/models/iris/versions/1", "/models", "/ready"):
        refused(http.get(path))
    refused(create(http))
    assert http.get("/health").status_code == 200
    mortal.start()
    recovered(lambda: works(http))


def test_a_restart_between_two_requests_is_not_even_noticed(mortal: Postgresql, http: httpx.Client) -> None:
    recovered(lambda: works(http))
    mortal.stop("fast")
    mortal.start()
    assert works(http)


def test_a_primary_that_became_a_standby_is_left_for_the_next(mortal: Postgresql, http, name: str) -> None:
    """Sessions that were read-only when they began stay so: only new ones reach a primary."""
    with read_only(mortal, name):
        recovered(lambda: http.get("/models/iris/versions/1").status_code == 200)
        recovered(lambda: code_of(create(http)) == "database_unavailable")
        refused(http.get("/ready"))
        assert http.get("/models/iris/versions/1").status_code == 200
        assert http.get("/health").status_code == 200
    recovered(lambda: create(http).status_code == 201)


@contextlib.contextmanager
def read_only(server: Postgresql, database: str) -> Iterator[None]:
    """Let every session that begins within the `with` be read-only, to the end of the session."""
    server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    try:
        server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        yield
    finally:
        server.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")


def test_a_cut_network_is_told_and_got_over(network: Proxy, http: httpx.Client) -> None:
    network.cut(refuse=True)
    refused(http.get("/models/iris/versions/1"))
    refused(create(http))
    refused(http.get("/ready"))
    network.resume()
    recovered(lambda: works(http))
    network.cut()
    recovered(lambda: works(http))


def test_a_reset_within_a_transaction_is_told_at_once(mortal: Postgresql, network: Proxy, http, name: str) -> None:
    http.post("/models", json={"name": "cut-off"})
    with waiting_writer(mortal, http, name, "cut-off") as writer:
        network.cut()
        refused(writer.result())
    recovered(lambda: works(http))
    assert http.get("/models/cut-off").json()["description"] == ""


def test_a_silent_network_keeps_nobody_waiting_for_ever(network: Proxy, http: httpx.Client) -> None:
    network.stall()
    with ThreadPoolExecutor(2) as callers:
        answers = [callers.submit(http.get, "/models/iris/versions/1"), callers.submit(create, http)]
        assert http.get("/ready").status_code == 503
        assert http.get("/health").status_code == 200
        for answer in answers:  # of which one may wait for the connection of another
            assert answer.result().status_code == 503
            assert answer.result().headers["retry-after"] == "1"
    network.resume()
    recovered(lambda: works(http))


def test_an_answer_to_a_commit_that_is_lost_makes_no_duplicate(network: Proxy, http: httpx.Client) -> None:
    sample, name = linear_model(7), new_name()
    upload = announce(http, name, sample, **{"Idempotency-Key": "k"}).json()["id"]
    network.lose_commit()
    refused(put(http, name, upload, sample.onnx))
    assert network.lost_commits == 1
    recovered(lambda: http.get("/ready").status_code == 200)
    assert announce(http, name, sample, **{"Idempotency-Key": "k"}).json()["version"]["version"] == 1
    again = put(http, name, upload, sample.onnx)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert len(http.get(f"/models/{name}/versions").json()["items"]) == 1


def test_the_client_gets_over_a_lost_commit_by_itself(network: Proxy, registry: Registry, http) -> None:
    sample, name = linear_model(8), new_name()

    def lose(_: int) -> None:
        if network.lost_commits < 2:
            network.lose_commit()

    with registry.client() as client:
        pushed = client.push(name, sample.manifest, sample.onnx, progress=lose)
    assert (pushed.created, pushed.version.version) == (False, 1)
    assert network.lost_commits == 2


def test_when_no_connection_is_free_a_writer_is_told_to_come_back(mortal: Postgresql, http, name: str) -> None:
    http.post("/models", json={"name": "contended"})
    with waiting_writer(mortal, http, name, "contended") as first:
        refused(create(http), "database_busy")
        assert http.get("/models/contended").status_code == 200
        assert http.get("/health").status_code == 200
    assert first.result().status_code in (200, 503)
    recovered(lambda: works(http))


@contextlib.contextmanager
def waiting_writer(
    server: Postgresql, http: httpx.Client, database: str, model: str
) -> Iterator[Future[httpx.Response]]:
    """Have a PATCH of a model wait for the row, which another transaction holds within the `with`."""
    blocked = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with (
        ThreadPoolExecutor(1) as callers,
        held(server, database, f"SELECT * FROM models WHERE name = '{model}' FOR UPDATE"),
    ):
        writer = callers.submit(http.patch, f"/models/{model}", json={"description": "waits for a row"})
        recovered(lambda: server.execute(blocked)[0]["n"] > 0)
        yield writer


@contextlib.contextmanager
def held(server: Postgresql, database: str, statement: str) -> Iterator[None]:
    """A transaction that has run one statement and is left open within the `with`."""
    with asyncio.Runner() as runner:
        connection = runner.run(server.connect(database))
        try:
            runner.run(connection.execute(f"BEGIN; {statement}"))
            yield
        finally:
            runner.run(connection.close())


def test_a_full_disk_of_the_database_is_507_and_got_over(mortal: Postgresql, http: httpx.Client, name: str) -> None:
    sample, model = linear_model(9), new_name()
    upload = announce(http, model, sample).json()["id"]
    mortal.script(FULL, name)
    try:
        answer = put(http, model, upload, sample.onnx)
    finally:
        mortal.script("DROP FUNCTION full_disk CASCADE", name)
    assert (answer.status_code, code_of(answer)) == (507, "insufficient_storage")
    assert answer.headers["retry-after"] == "60"
    assert http.get(f"/models/{model}").status_code == 404
    assert http.get("/models/iris/versions/1").status_code == 200
    assert put(http, model, upload, sample.onnx).status_code == 201


def test_a_password_comes_from_its_file_and_is_told_to_nobody(mortal: Postgresql, tmp_path: Path) -> None:
    """The file is read at each connection, as a mounted Secret changes under a running process."""
    secret, other, name = "first-hush-hush", "second-hush-hush", mortal.new_database()
    mortal.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{secret}'")
    mortal.execute(f"ALTER DATABASE {name} OWNER TO guarded")
    mortal.script("GRANT ALL ON ALL TABLES IN SCHEMA public TO guarded", name)
    mortal.script("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO guarded", name)
    mortal.ask_password("guarded")
    file = tmp_path / "password"
    file.write_text(secret + "\n")
    settings: dict[str, Any] = {
        "DATABASE_URL": f"postgresql+asyncpg://guarded@/{name}?host={mortal.socket.parent}",
        "DATABASE_PASSWORD_FILE": str(file),
    }
    registry = Registry(tmp_path / "registry", settings=settings).start()
    try:
        with registry.http() as http:
            assert create(http).status_code == 201
            file.write_text(other)
            mortal.execute(f"ALTER ROLE guarded PASSWORD '{other}'")
            mortal.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
            recovered(lambda: create(http).status_code == 201)
        assert secret not in registry.log()
        assert other not in registry.log()
    finally:
        kill(registry)
    file.write_text("wrong")
    wrong = Registry(tmp_path / "wrong", settings=settings)
    assert wrong.launch() == 3
    assert wrong.log_lines()[-1]["code"] == "database_unusable"
