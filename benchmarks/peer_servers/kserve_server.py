"""KServe's Python server with a model of one's own, by its first protocol. Arguments: graph, port, a folder."""

import logging
import sys

import numpy
import onnxruntime
from kserve import Model, ModelServer


class Iris(Model):
    def __init__(self):
        super().__init__("iris")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(sys.argv[1], options)
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        rows = numpy.array(payload["instances"], dtype=numpy.float32)
        return {"predictions": self.graph.run(["label"], {"X": rows})[0].tolist()}


if __name__ == "__main__":
    server = ModelServer(http_port=int(sys.argv[2]), workers=1, enable_grpc=False, access_log_format=None)
    logging.getLogger("kserve.trace").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    server.start([Iris()])
