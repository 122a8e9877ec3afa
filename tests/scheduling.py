"""Which worker of pytest-xdist gets which files, and in which order."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

LONG = (
    "tests/e2e/test_story",
    "tests/cluster/",
    "tests/e2e/test_examples",
    "tests/local/",
    "tests/e2e/",
    "tests/targets/test_target_local",
    "tests/registry/test_registry_crash",
    "tests/registry/test_registry_webhooks",
    "tests/registry/test_registry_openapi",
    "tests/packaging/",
    "tests/inference/test_inference_drain",
    "tests/registry/",
)
"""What takes minutes, and then what takes long: it comes first, so that no worker is left with it at the end.

Files of tests/e2e are apart, because they all train and push, which takes every core there is.
"""
TOGETHER = ("tests/cluster/",)
"""Folders that one worker takes as a whole: what their files share, a control plane, costs more than a turn."""


def place(nodeid: str) -> int:
    """Where a test stands among all, whole files together."""
    return next((place for place, path in enumerate(LONG) if nodeid.startswith(path)), len(LONG))


class WholeFiles(LoadFileScheduling):
    """Gives each worker whole files, in the order of the collection with `--no-loadscope-reorder`."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))
