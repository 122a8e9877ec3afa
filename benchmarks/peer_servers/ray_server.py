"""Ray Serve, one replica. Arguments: graph, port, a folder to work in."""

import sys
import threading

import numpy
import onnxruntime
import ray
from ray import serve


@serve.deployment(num_replicas=1, max_ongoing_requests=64)
class Iris:
    def __init__(self, graph):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(graph, options)

    async def __call__(self, request):
        rows = numpy.array((await request.json())["features"], dtype=numpy.float32)
        return {"predictions": self.graph.run(["label"], {"X": rows})[0].tolist()}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20, log_to_driver=False)
    serve.start(
        http_options={"host": "127.0.0.1", "port": int(sys.argv[2])}, logging_config={"enable_access_log": False}
    )
    serve.run(Iris.bind(sys.argv[1]), route_prefix="/predict", logging_config={"enable_access_log": False})
    threading.Event().wait()
