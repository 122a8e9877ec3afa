"""How many CPUs this process may use: ONNX Runtime counts those of the machine, a container gets a share of them."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def available_cpus(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Return the number of threads that can run at once: CPUs of the affinity mask, at most the cgroup's limit.

    `cgroups` is where control groups are mounted, `membership` the file that says in which ones this process is.
    A share of a CPU counts as a whole one.
    """
    granted = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [_quota(folder) for folder in _folders(cgroups, membership)]
    return max(1, min([granted, *(math.ceil(quota) for quota in quotas if quota is not None)]))


def _folders(cgroups: Path, membership: Path) -> list[Path]:
    """Return the folders whose limits apply: in each hierarchy that counts CPU time, the own group and those above."""
    folders = []
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root = cgroups
        elif "cpu" in controllers.split(","):
            root = cgroups / "cpu"
        else:
            continue
        group = root / path.lstrip("/")
        folders += [folder for folder in (group, *group.parents) if folder.is_relative_to(root)]
    return folders


def _quota(folder: Path) -> float | None:
    """Return the limit of one group in CPUs (version 2, else version 1), or None where it has none."""
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except OSError:
        try:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    return None if quota in ("max", "-1") else int(quota) / int(period)
