"""What a gRPC call meets before it is answered: the limits that it shares with HTTP, its deadline, its key."""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from time import monotonic

import pytest
from grpc import StatusCode
from in_process import InProcess
from served_models import iris

from mlp.errors import DeadlineExceeded, Denied, Failed, NotFound, TooLarge, Unavailable, Unsupported
from mlp.inference.entry import Entry
from mlp.inference.rpc.messages import schema
from mlp.inference.rpc.shell import UNGUARDED, Shell
from mlp.inference.rpc.statuses import status_of
from mlp.inference.trace import PassOn

SCHEMA = schema()
LIVE = SCHEMA.methods["ServerLive"]


class Aborted(Exception):
    pass


class Context:
    """As much of a call's context as is asked for."""

    def __init__(self, left: float | None = None, **headers: str) -> None:
        self.left, self.headers, self.trailers, self.status = left, headers, {}, StatusCode.OK

    def invocation_metadata(self):
        return [(name.replace("_", "-"), value) for name, value in self.headers.items()]

    def time_remaining(self):
        return self.left

    def set_trailing_metadata(self, trailers):
        self.trailers = dict(trailers)

    async def abort(self, status, message, trailers):
        self.status, self.message, self.trailers = status, message, dict(trailers)
        raise Aborted


@pytest.fixture
def metrics(tmp_path):
    return InProcess(iris(), tmp_path).metrics


def has_room():
    pass


def call(metrics, context, *, name="ModelInfer", answer=None, guard=None, in_flight=1, check_room=has_room, body=b""):
    """Call a method that answers `live`; return the call's status and code."""
    shell = Shell(metrics, Entry(in_flight, check_room, guard, PassOn()))
    handle = shell.handler(name, LIVE, answer or (lambda *_: LIVE.response(live=True)))
    with contextlib.suppress(Aborted):
        assert LIVE.response.FromString(asyncio.run(handle(body, context))).live
    return context.status, context.trailers.get("x-mlp-error-code")


def test_calls_and_requests_share_their_places(metrics):
    seen = []

    def answer(*_):
        seen.append(metrics.traffic.in_flight)
        return LIVE.response(live=True)

    assert call(metrics, Context(), answer=answer) == (StatusCode.OK, None)
    metrics.traffic.in_flight += 1  # an HTTP request
    assert call(metrics, Context(), answer=answer) == (StatusCode.RESOURCE_EXHAUSTED, "overloaded")
    assert (seen, metrics.traffic.in_flight) == ([1], 1)
    assert metrics.rpc("ModelInfer").statuses == {"OK": 1, "RESOURCE_EXHAUSTED": 1}


def test_a_call_that_the_model_has_no_place_for_is_not_read(metrics):
    def check_room():
        raise Unavailable("too many requests wait for the model", code="overloaded")

    assert call(metrics, Context(), body=b"no message") == (StatusCode.INVALID_ARGUMENT, "invalid_message")
    found = call(metrics, Context(), body=b"no message", check_room=check_room)
    assert found == (StatusCode.RESOURCE_EXHAUSTED, "overloaded")
    assert call(metrics, Context(), name="ServerLive", check_room=check_room) == (StatusCode.OK, None)


def test_a_call_whose_deadline_has_passed_is_not_run(metrics):
    deadlines = []

    def answer(_, deadline):
        deadlines.append(deadline)
        return LIVE.response(live=True)

    late = Context(left=0.0)
    assert call(metrics, late, answer=answer) == (StatusCode.DEADLINE_EXCEEDED, "deadline_exceeded")
    assert deadlines == []
    before = monotonic()
    assert call(metrics, Context(left=5.0), answer=answer)[0] is StatusCode.OK
    assert before + 5 <= deadlines[0] <= monotonic() + 5
    assert call(metrics, Context(), answer=answer)[0] is StatusCode.OK
    assert deadlines[1] == inf


def test_whoever_has_no_key_may_ask_what_probes_ask_and_nothing_else(metrics):
    def guard(headers):
        if headers.get(b"x-api-key") != b"right":
            raise Denied("no", code="api_key_missing")

    assert call(metrics, Context(), guard=guard) == (StatusCode.UNAUTHENTICATED, "api_key_missing")
    assert call(metrics, Context(x_api_key="right"), guard=guard)[0] is StatusCode.OK
    for name in UNGUARDED:
        assert call(metrics, Context(), name=name, guard=guard)[0] is StatusCode.OK


def test_a_fault_of_ours_says_nothing_of_itself(metrics, caplog):
    def answer(*_):
        raise ZeroDivisionError("a secret")

    context = Context(x_request_id="r-1")
    assert call(metrics, context, answer=answer) == (StatusCode.INTERNAL, "internal")
    assert "secret" not in context.message
    assert context.trailers["x-request-id"] == "r-1"
    assert [record.args["request_id"] for record in caplog.records] == ["r-1"]
    assert metrics.traffic.in_flight == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x", code="model_not_found"), StatusCode.NOT_FOUND),
        (TooLarge("x", code="too_many_rows"), StatusCode.INVALID_ARGUMENT),
        (Unsupported("x", code="unsupported"), StatusCode.UNIMPLEMENTED),
        (Unavailable("x", code="draining"), StatusCode.UNAVAILABLE),
        (Unavailable("x", code="overloaded"), StatusCode.RESOURCE_EXHAUSTED),
        (DeadlineExceeded("x"), StatusCode.DEADLINE_EXCEEDED),
        (Denied("x"), StatusCode.PERMISSION_DENIED),
        (Failed("x"), StatusCode.INTERNAL),
    ],
)
def test_failures_have_the_status_that_says_whether_to_try_again(error, status):
    assert status_of(error) is status
