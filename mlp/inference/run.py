"""A server's life in order: hold the ports, get the model, let it prove itself, listen, say so, serve, drain."""

from __future__ import annotations

import contextlib
import gc
import socket
from dataclasses import replace
from time import perf_counter

from mlp.inference import log
from mlp.inference.app import App
from mlp.inference.cpu import available_cpus
from mlp.inference.dataplane import DataPlane
from mlp.inference.descriptors import connections_within_reach
from mlp.inference.drift import Drift
from mlp.inference.entry import Entry
from mlp.inference.grpc_port import grpc_port, require_grpc
from mlp.inference.health import HealthServer
from mlp.inference.hosts import guard_of
from mlp.inference.keys import api_keys
from mlp.inference.lifecycle import Lifecycle, announce_ready
from mlp.inference.listener import listen, open_health_listener, open_listener, try_grpc_port
from mlp.inference.loading import load
from mlp.inference.log import LOG
from mlp.inference.metrics import Metrics
from mlp.inference.oip.calls import ModelCalls
from mlp.inference.oip.outputs import OutputWriter
from mlp.inference.oip.routes import OpenInference
from mlp.inference.pages import Pages
from mlp.inference.predict.instances import InstancesRoute
from mlp.inference.predict.route import PredictRoute
from mlp.inference.reading import Readers, TwoSteps
from mlp.inference.routes import beside, model_routes
from mlp.inference.server import Server
from mlp.inference.settings import Settings
from mlp.inference.source import obtain
from mlp.inference.tracing import tracing_of


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raise an error of `mlp.errors` if the server cannot start."""
    begin = perf_counter()
    keys = api_keys(settings.api_keys_file, may_be_none=settings.allow_open)
    listener, health_listener = _held(settings, asks_for_keys=keys is not None and keys.are_asked_for)
    threads = available_cpus()
    LOG.info("starting", {"model": settings.model_name, "version": settings.model_version, "threads": threads})
    model = load(obtain(settings), threads)
    log.name_model(model.name, model.version, model.digest)
    gc.freeze()  # what has been made so far lives as long as the process; looking through it again finds nothing
    ports = {}
    for name, each in (("port", listener), ("health_port", health_listener)):
        if each is not None:
            listen(each)
            ports[name] = int(each.getsockname()[1])

    def ready(grpc: int | None) -> None:
        if grpc is not None:
            ports["grpc_port"] = grpc
        LOG.info("ready", {**ports, "seconds": round(perf_counter() - begin, 3), "batching": plane.batching})
        announce_ready(settings.ready_fd, model, ports)

    lifecycle, metrics = Lifecycle(), Metrics(Drift(model.signature))
    pages = Pages(model, metrics, lifecycle, keys)
    plane = DataPlane(model, metrics, settings)
    calls = ModelCalls(model, plane, OutputWriter(model.signature, model.session.output_types, metrics))
    readers = Readers(plane.check_room)
    predict, instances = PredictRoute(model, plane, metrics), InstancesRoute(model, plane, metrics)
    routes = model_routes(
        pages,
        TwoSteps(predict.read, predict.answer, readers),
        TwoSteps(instances.read, instances.answer, readers),
        OpenInference(model, calls, lifecycle, readers),
    )
    tracing = tracing_of(otel=settings.otel, name=model.name, version=model.version, digest=model.digest)
    limits = replace(settings.limits, connections=connections_within_reach(settings.limits.connections))
    entry = Entry(limits.in_flight, plane.check_room, keys.check if keys else None, tracing)
    server = Server(
        app=App(routes, beside(model), metrics.route, guard_of(settings, entry.guard), tracing),
        grpc=grpc_port(settings, model, calls, metrics, lifecycle, entry),
        limits=limits,
        traffic=metrics.traffic,
        lifecycle=lifecycle,
        drain_seconds=settings.drain,
        shares_listener=settings.listen_fd is not None,
        on_ready=ready,
    )
    with HealthServer(pages, metrics.traffic, health_listener) if health_listener else contextlib.nullcontext():
        server.serve_on(listener)
    tracing.close()
    LOG.info("ended")


def _held(settings: Settings, *, asks_for_keys: bool) -> tuple[socket.socket, socket.socket | None]:
    """Return the sockets of the model's port and of the health port, having seen that all ports can be had."""
    listener, health_listener = open_listener(settings, asks_for_keys=asks_for_keys), open_health_listener(settings)
    if settings.grpc_port is not None:
        require_grpc()
        try_grpc_port(settings, asks_for_keys=asks_for_keys)
    return listener, health_listener
