"""Where a deployment runs: what `up`, `apply`, `logs`, `status` and `down` mean there.

`base.Target` is the contract that every place fulfils. Nothing here imports a service: a target starts
`python -m mlp.<service>` by name, or speaks to what runs.
"""

from mlp.targets.base import Platform, Report, Target
from mlp.targets.options import ClusterOptions
from mlp.targets.resolve import resolve_target

__all__ = ["ClusterOptions", "Platform", "Report", "Target", "resolve_target"]
