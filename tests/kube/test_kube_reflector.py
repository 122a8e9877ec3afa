"""A store stays equal to the cluster although the server stalls, forgets, refuses and breaks off."""

import pytest

from mlp.kube.client import Client
from mlp.kube.reflector import Patience, Reflector, Source
from mlp.kube.resource import PODS
from mlp.kube.store import Store
from tests.kube.conftest import wait_for
from tests.kube.scripted_api import listed, pod

BOOKMARK = ("BOOKMARK", {"metadata": {"resourceVersion": "50"}})


@pytest.fixture
def reflect(serve, connected):
    started = []

    def start(script, silence=30.0):
        api = serve(script)
        store, changes = Store(), []
        patience = Patience(silence=silence)
        reflector = Reflector(Client(connected(api)), Source(PODS, "n"), store, changes.append, patience)
        started.append(reflector)
        reflector.start()
        return api, store, changes, reflector

    yield start
    for reflector in started:
        reflector.stop()


def script_of(*watches, lists=None):
    """Answer each watch by the next script, and hold the last ones open in silence."""
    lists, watches = iter(lists or [listed(pod("a", 1), version=10)]), iter(watches)
    last = [None]

    def script(asked, reply):
        if asked.is_watch:
            next(watches, lambda reply: reply.stream(hold=True))(reply)
            return
        last[0] = next(lists, last[0])
        reply.send(200, last[0])

    return script


def test_a_list_of_many_pages_fills_the_store_before_it_counts_as_synced(reflect):
    pages = [listed(pod("a", 1), version=10, more="token"), listed(pod("b", 2), version=10)]
    api, store, _, reflector = reflect(script_of(lists=pages))
    assert reflector.wait_for_sync(10)
    assert sorted(store.names()) == ["a", "b"]
    assert [each.query.get("continue") for each in api.lists] == [None, "token"]


def test_changes_come_as_they_happen_and_the_watch_goes_on_from_the_list(reflect):
    events = [("ADDED", pod("b", 11)), ("MODIFIED", pod("a", 12)), ("DELETED", pod("b", 13))]
    api, store, changes, _ = reflect(script_of(lambda reply: reply.stream(*events, hold=True)))
    wait_for(lambda: len(changes) == 4)
    assert store.names() == ["a"]
    assert [(c.name, c.before is None, c.after is None) for c in changes[1:]] == [
        ("b", True, False),
        ("a", False, False),
        ("b", False, True),
    ]
    query = api.watches[0].query
    assert (query["resourceVersion"], query["allowWatchBookmarks"]) == ("10", "true")
    assert 290 <= int(query["timeoutSeconds"]) <= 590


def test_a_silent_stream_is_begun_anew_from_the_last_version_without_a_list(reflect):
    silent = lambda reply: reply.stream(BOOKMARK, hold=True)  # noqa: E731
    after = lambda reply: reply.stream(("ADDED", pod("b", 60)), hold=True)  # noqa: E731
    api, store, _, _ = reflect(script_of(silent, after), silence=0.5)
    wait_for(lambda: store.get("b"))
    assert api.watches[1].query["resourceVersion"] == "50"
    assert len(api.lists) == 1


@pytest.mark.parametrize(
    "gone",
    [
        lambda reply: reply.refuse(410, "Expired"),
        lambda reply: reply.stream(("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"})),
    ],
    ids=["as a status", "in the stream"],
)
def test_a_forgotten_past_is_listed_anew_and_what_vanished_meanwhile_is_noticed(reflect, gone):
    lists = [listed(pod("a", 1), pod("b", 2), version=10), listed(pod("b", 2), version=90)]
    api, store, changes, _ = reflect(script_of(gone, lists=lists))
    wait_for(lambda: store.names() == ["b"])
    assert [(change.name, change.after) for change in changes[2:]] == [("a", None)]
    wait_for(lambda: len(api.watches) == 2)
    assert api.watches[1].query["resourceVersion"] == "90"


def test_a_server_that_refuses_is_asked_less_and_less_often(reflect):
    api, _, _, _ = reflect(lambda _, reply: reply.refuse(500, "InternalError"))
    wait_for(lambda: len(api.asked) >= 2)
    begin = api.asked[0].at
    wait_for(lambda: len([each for each in api.asked if each.at > begin + 3]) >= 1, seconds=40)
    assert len([each for each in api.asked if each.at <= begin + 3]) <= 15


def test_a_server_that_names_a_wait_is_left_alone_for_so_long(reflect):
    first = lambda reply: reply.refuse(429, "TooManyRequests", Retry_After="2")  # noqa: E731
    api, _, _, _ = reflect(script_of(first))
    wait_for(lambda: len(api.watches) == 2)
    assert api.watches[1].at - api.watches[0].at >= 2


def test_streams_that_end_at_once_do_not_become_a_storm(reflect):
    api, _, _, _ = reflect(script_of(*[lambda reply: reply.stream()] * 1_000))
    wait_for(lambda: len(api.watches) >= 4)
    begin = api.watches[0].at
    assert len([each for each in api.watches if each.at <= begin + 2]) <= 40


@pytest.mark.parametrize("poison", [{"metadata": {}}, {"metadata": {"name": "x", "resourceVersion": "?"}}, {}, None])
def test_one_malformed_object_is_passed_over_for_the_others_sake(reflect, poison):
    _, store, _, reflector = reflect(script_of(lists=[listed(pod("a", 1), poison, pod("b", 2), version=10)]))
    assert reflector.wait_for_sync(10)
    assert sorted(store.names()) == ["a", "b"]


def test_what_is_no_json_does_not_end_the_watch_for_ever(reflect):
    def garbage(reply):
        reply.stream(("ADDED", pod("b", 11)))
        reply._handler.wfile.write(b"garbage")

    _, store, _, reflector = reflect(script_of(garbage, lambda reply: reply.stream(("ADDED", pod("c", 12)), hold=True)))
    wait_for(lambda: store.get("c"))
    assert reflector.is_alive(60)


def test_a_server_that_is_away_is_found_again(reflect, serve):
    broken = lambda reply: reply.break_off()  # noqa: E731
    _, store, _, _ = reflect(script_of(broken, lambda reply: reply.stream(("ADDED", pod("b", 11)), hold=True)))
    wait_for(lambda: store.get("b"))


def test_a_thread_that_gets_nowhere_is_not_taken_for_alive(reflect):
    _, _, _, reflector = reflect(script_of())
    assert reflector.wait_for_sync(10)
    assert reflector.is_alive(60)
    wait_for(lambda: not reflector.is_alive(0.2))
