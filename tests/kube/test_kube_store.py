"""A store never goes back in time, whoever tells it what."""

from mlp.kube.store import Store
from tests.kube.scripted_api import pod


def version(store, name):
    obj = store.get(name)
    return obj and obj["metadata"]["resourceVersion"]


def test_what_was_written_is_read_before_the_watch_tells_of_it():
    store = Store()
    store.replace([], "10")
    store.wrote(pod("a", 12))
    assert version(store, "a") == "12"
    assert store.put(pod("a", 12)) is None


def test_an_older_word_about_an_object_is_not_believed():
    store = Store()
    store.wrote(pod("a", 12))
    assert store.put(pod("a", 11)) is None
    assert store.delete(pod("a", 11)) is None
    assert version(store, "a") == "12"


def test_the_answer_to_a_write_does_not_bring_back_what_was_deleted_since():
    store = Store()
    store.put(pod("a", 10))
    store.delete(pod("a", 15))
    store.wrote(pod("a", 12))
    assert store.get("a") is None


def test_a_list_keeps_what_was_written_after_it_was_made():
    store = Store()
    store.wrote(pod("a", 20))
    store.put(pod("b", 5))
    changes = store.replace([], "15")
    assert store.names() == ["a"]
    assert [(change.name, change.after) for change in changes] == [("b", None)]


def test_the_index_follows_its_objects():
    store = Store(index=lambda obj: obj.get("owner"))
    store.put(pod("a", 1, owner="x"))
    store.put(pod("b", 2, owner="x"))
    store.put(pod("a", 3, owner="y"))
    store.delete(pod("b", 4))
    assert [obj["metadata"]["name"] for obj in store.indexed("y")] == ["a"]
    assert store.indexed("x") == []


def test_the_record_of_who_wrote_what_is_not_kept():
    store = Store()
    obj = pod("a", 1)
    obj["metadata"]["managedFields"] = [{"manager": "someone"}]
    store.put(store.kept(obj))
    assert "managedFields" not in store.get("a")["metadata"]
