"""BentoML, one worker. Arguments: graph, port, a folder to work in."""

import os
import sys
from pathlib import Path

import bentoml
import numpy
import onnxruntime


@bentoml.service(workers=1, metrics={"enabled": True}, logging={"access": {"enabled": False}})
class Iris:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(os.environ["IRIS_GRAPH"], options)

    @bentoml.api
    def predict(self, features: list[list[float]]) -> list[str]:
        return self.graph.run(["label"], {"X": numpy.array(features, dtype=numpy.float32)})[0].tolist()


if __name__ == "__main__":
    graph, port, folder = Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3])
    os.environ.update(IRIS_GRAPH=str(graph), BENTOML_HOME=str(folder), BENTOML_DO_NOT_TRACK="True")
    (folder / "iris_service.py").symlink_to(Path(__file__).resolve())
    os.chdir(folder)
    command = ["-m", "bentoml", "serve", "iris_service:Iris", "--host", "127.0.0.1", "--port", port]
    os.execv(sys.executable, [sys.executable, *command])
