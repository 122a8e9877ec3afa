"""A port of a pod as a port of this machine, through the API server.

The protocol is Kubernetes' port forwarding over a WebSocket (`v4.channel.k8s.io`): in every binary message the first
byte is the channel, 0 for data and 1 for errors, and the first message of the server in each repeats the port.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from websocket import WebSocket, WebSocketException

from mlp.errors import MlpError
from mlp.kube.resource import PODS
from mlp.kube.transport import Transport

_PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = b"\x00", b"\x01"
_PIECE = 64 * 1024

PickPod = Callable[[], str]
"""Returns the name of a pod that takes requests now; asked for each connection, so a forward outlives its pods."""


class PortForward:
    """Listens on a free port of loopback, and carries each connection to a pod; any number at once."""

    def __init__(self, connection: Transport, namespace: str, pick_pod: PickPod, port: int) -> None:
        self._connection = connection
        self._namespace = namespace
        self._pick_pod = pick_pod
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.failure: MlpError | None = None
        """Why the last connection could not be carried."""
        threading.Thread(target=self._accept, name="port-forward", daemon=True).start()

    @property
    def url(self) -> str:
        """Where an HTTP client reaches the pod."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), name="port-forward", daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client:
            try:
                pod = self._open()
            except MlpError as error:
                self.failure = error
                return
            back = threading.Thread(target=_from_pod, args=(pod, client), name="port-forward", daemon=True)
            back.start()
            _to_pod(client, pod)
            pod.close()
            back.join()

    def _open(self) -> WebSocket:
        path = PODS.path(self._namespace, self._pick_pod(), "portforward")
        return self._connection.websocket(f"{path}?{urlencode({'ports': self._port})}", _PROTOCOL)


def _to_pod(client: socket.socket, pod: WebSocket) -> None:
    with suppress(OSError, WebSocketException):
        while piece := client.recv(_PIECE):
            pod.send_binary(_DATA + piece)


def _from_pod(pod: WebSocket, client: socket.socket) -> None:
    """Write what the pod sends until it ends; closing the client's side wakes the other direction."""
    announced = set()
    with suppress(OSError, WebSocketException):
        while message := pod.recv():
            content = message if isinstance(message, bytes) else message.encode()
            channel, piece = content[:1], content[1:]
            if channel not in announced:
                announced.add(channel)  # the port, two bytes
            elif channel == _DATA:
                client.sendall(piece)
            elif channel == _ERROR and piece:
                break
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
