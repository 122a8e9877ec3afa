"""The services as `tests.forked` runs them: programs that find arguments and environment where processes have them."""

from __future__ import annotations

import os
import sys


def agent() -> int:
    from mlp.local.__main__ import main

    return main(sys.argv[1:], os.environ)


def model_server() -> int:
    from mlp.inference.__main__ import main

    return main()


def operator() -> int:
    from mlp.controller.__main__ import main

    return main(sys.argv[1:], os.environ)
