"""Callers of a model who ask all the time, and waiting for what must come about."""

import http.client
import json
import threading
import time

PATIENCE = 20
ROWS = b'{"features": [[1.0, 2.0]]}'


def until(holds):
    """Return the first true answer of `holds`, asked again and again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not in time: {holds.__name__}"
        time.sleep(0.01)


def predict(connection: http.client.HTTPConnection, body: bytes = ROWS) -> dict:
    connection.request("POST", "/predict", body)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise http.client.HTTPException(f"{answer.status}: {body!r}")
    return json.loads(body)


class Callers:
    """Keep-alive clients that together ask hundreds of times a second, and one that connects anew each time.

    They forgive nothing. Without the pause they would starve the processes whose start they wait for.
    """

    def __init__(self, port: int, count: int = 6, body: bytes = ROWS) -> None:
        self.answers: list[int] = []
        self.failures: list[str] = []
        self._port = port
        self._body = body
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]
        self._threads.append(threading.Thread(target=self._knock))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while not self._ended.wait(0.01):
            try:
                self.answers.append(predict(connection, self._body)["model"]["version"])
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()

    def _knock(self) -> None:
        while not self._ended.wait(0.02):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                predict(connection, self._body)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"a new connection: {error!r}")
            finally:
                connection.close()

    def more(self, count: int = 20) -> None:
        """Wait until so many more requests have been answered."""
        enough = len(self.answers) + count
        until(lambda: len(self.answers) >= enough or self.failures)
