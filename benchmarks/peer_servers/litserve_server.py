"""LitServe, one worker. Arguments: graph, port, a folder to work in."""

import sys

import litserve
import numpy
import onnxruntime


class Api(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(sys.argv[1], options)

    def decode_request(self, request):
        return numpy.array(request["features"], dtype=numpy.float32)

    def predict(self, rows):
        return self.graph.run(["label"], {"X": rows})[0].tolist()

    def encode_response(self, labels):
        return {"predictions": labels}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[2]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
