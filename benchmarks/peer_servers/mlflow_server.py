"""MLflow's scoring server, a model of Python. Arguments: graph, port, a folder to work in."""

import os
import sys
from pathlib import Path

import mlflow.pyfunc


class Iris(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(context.artifacts["graph"], options)

    def predict(self, context, model_input, params=None):
        import numpy

        rows = numpy.asarray(model_input, dtype=numpy.float32)
        return self.graph.run(["label"], {"X": rows})[0]


if __name__ == "__main__":
    folder = Path(sys.argv[3]) / "iris"
    mlflow.pyfunc.save_model(
        folder, python_model=Iris(), artifacts={"graph": sys.argv[1]}, pip_requirements=["mlflow", "onnxruntime"]
    )
    os.environ["__pyfunc_model_path__"] = str(folder)  # noqa: SIM112  as `mlflow models serve` hands it over
    command = ["-m", "uvicorn", "--host", "127.0.0.1", "--port", sys.argv[2], "--log-level", "warning"]
    os.execv(sys.executable, [sys.executable, *command, "mlflow.pyfunc.scoring_server.app:app"])
