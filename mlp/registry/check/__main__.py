"""`python -m mlp.registry.check MODEL.onnx [MANIFEST.json]`: judge a file, print the verdict as JSON.

Exit code 0 for an accepted model, 1 for a refused one, 2 for wrong arguments or a manifest that is none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from mlp.api.model import Manifest
from mlp.registry.check.confinement import Limits, confined
from mlp.registry.check.examination import examine


def main() -> int:
    """Judge the file that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m mlp.registry.check", description="Judge an ONNX model.")
    parser.add_argument("model", type=Path, help="the ONNX file")
    parser.add_argument("manifest", type=Path, nargs="?", help="its manifest: signature and receipt, as JSON")
    arguments = parser.parse_args()
    try:
        size = arguments.model.stat().st_size
        manifest = None
        if arguments.manifest is not None:
            manifest = Manifest.model_validate_json(arguments.manifest.read_bytes())
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except ValidationError as error:
        first = error.errors()[0]
        parser.error(f"{arguments.manifest}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
    verdict = confined(lambda: examine(arguments.model, manifest), Limits().for_size(size))
    sys.stdout.write(verdict.to_json() + "\n")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
