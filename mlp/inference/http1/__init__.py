"""HTTP/1.1 for a server of small requests: bytes become whole requests, replies become bytes.

httptools (llhttp, strict) reads, uvloop moves the bytes; what lies between is here, because the way from a socket to a
route is most of what answering one row costs. Nothing in this package knows a route, a model or JSON. Sources:
RFC 9110 (semantics) and RFC 9112 (HTTP/1.1).
"""

from mlp.inference.http1.limits import Limits
from mlp.inference.http1.message import Application, Headers, Reply, Request
from mlp.inference.http1.server import HttpServer
from mlp.inference.http1.traffic import Traffic

__all__ = ["Application", "Headers", "HttpServer", "Limits", "Reply", "Request", "Traffic"]
