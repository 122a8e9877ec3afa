"""The platform's images: built of the bundle, brought to a cluster's nodes or pushed to a registry.

`names` says which there are, `engine` speaks to docker or podman, `cluster` finds what kind of cluster nodes make,
`nodes` reaches their image stores, and `building`, `loading` and `pushing` decide what is missing and do it.
"""

from mlp.targets.images.building import Builder
from mlp.targets.images.engine import Engine, find_engine
from mlp.targets.images.loading import load
from mlp.targets.images.names import IMAGES, Image, chosen
from mlp.targets.images.pushing import push

__all__ = ["Builder", "Engine", "IMAGES", "Image", "chosen", "find_engine", "load", "push"]
