"""A judge, and the plainest model that it accepts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper
from prometheus_client import Counter
from sample_models import manifest_of, model_of

from mlp.api.model import Manifest
from mlp.registry.check.confinement import MIB, Limits
from mlp.registry.check.judge import Judge
from mlp.registry.check.verdict import Verdict

LIMITS = Limits(seconds=9, cpu_seconds=2, memory=512 * MIB)


class Judged:
    """A judge for synchronous tests; the template process lives as long as the module's tests."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        self._runner = runner
        self._file = folder / "model.onnx"
        self.judge = Judge(LIMITS, Counter("verdicts", "Verdicts.", ["code"], registry=None))

    def verdict(self, model: bytes, manifest: Manifest) -> Verdict:
        self._file.write_bytes(model)
        return self._runner.run(self.judge.verdict(self._file, len(model), manifest))

    def many(self, models: list[bytes], manifest: Manifest) -> list[Verdict]:
        async def judge_all() -> list[Verdict]:
            files = [self._file.with_name(f"{number}.onnx") for number in range(len(models))]
            for file, model in zip(files, models, strict=True):
                file.write_bytes(model)
            return await asyncio.gather(*(self.judge.verdict(file, file.stat().st_size, manifest) for file in files))

        return self._runner.run(judge_all())


def identity(**options: Any) -> bytes:
    return model_of([helper.make_node("ReduceSum", ["x", "axis"], ["y"], keepdims=1)], initializers=[AXIS], **options)


AXIS = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
SUMS = manifest_of(None, [])
