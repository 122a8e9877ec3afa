"""Logs of pods that break off, come and go."""

from __future__ import annotations

import pytest

from mlp.kube.client import Client
from mlp.kube.connection import connect
from mlp.kube.contexts import Context
from mlp.targets.kubernetes.cluster import Cluster
from mlp.targets.kubernetes.logs import LogOptions, read_logs
from tests.kube.scripted_api import ScriptedApi


def lines(*numbers: int) -> str:
    return "".join(f"2026-01-01T00:00:0{number}.{number}Z line {number}\n" for number in numbers)


@pytest.fixture
def cluster_of(tmp_path):
    opened = []

    def make(logs):
        """Answer for the log of a pod what `logs` has next for it."""

        def script(asked, reply):
            pod = asked.path.split("/")[-2]
            reply.send_text(logs[pod].pop(0) if logs[pod] else "")

        api = ScriptedApi(script, tmp_path)
        connection = connect(api.kubeconfig)
        opened.append((api, connection))
        return api, Cluster(Context("c", "c", None), "n", connection, Client(connection))

    yield make
    for api, connection in opened:
        connection.close()
        api.stop()


def test_lines_of_one_pod_stand_alone_and_of_two_behind_their_names(cluster_of):
    _, cluster = cluster_of({"a": ["one\n", "one\n"], "b": ["two\n"]})
    assert list(read_logs(cluster, lambda: ["a"], LogOptions())) == ["one"]
    assert list(read_logs(cluster, lambda: ["a", "b"], LogOptions())) == ["a  one", "b  two"]


def test_the_api_is_asked_for_the_last_seconds(cluster_of):
    api, cluster = cluster_of({"a": [""]})
    list(read_logs(cluster, lambda: ["a"], LogOptions(tail=3, since=1.2)))
    assert api.asked[-1].query == {"tailLines": "3", "sinceSeconds": "2"}


def test_a_stream_that_breaks_goes_on_where_it_was_and_a_new_pod_is_followed_too(cluster_of):
    api, cluster = cluster_of({"a": [lines(1, 2), lines(2, 3)], "b": [lines(4)]})
    seen = iter([["a"], ["a"], ["a", "b"], ["b"]])
    options = LogOptions(follow=True, look_seconds=0.2)
    said = list(read_logs(cluster, lambda: next(seen, []), options))
    assert said == ["line 1", "line 2", "line 3", "b  line 4"]
    assert api.asked[1].query["sinceTime"] == "2026-01-01T00:00:02.2Z"
