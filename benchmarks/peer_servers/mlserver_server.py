"""MLServer with a runtime of one's own, without workers beside it. Arguments: graph, port, a folder to work in."""

import asyncio
import sys

import numpy
import onnxruntime
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Iris(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.graph = onnxruntime.InferenceSession(sys.argv[1], options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(numpy.float32)
        labels = self.graph.run(["label"], {"X": rows})[0].tolist()
        return InferenceResponse(model_name=self.name, outputs=[StringCodec.encode_output("label", labels)])


async def main() -> None:
    settings = Settings(
        parallel_workers=0,
        host="127.0.0.1",
        http_port=int(sys.argv[2]),
        grpc_port=int(sys.argv[2]) + 1,
        metrics_port=int(sys.argv[2]) + 2,
        debug=False,
    )
    await MLServer(settings).start([ModelSettings(name="iris", implementation=Iris)])


asyncio.run(main())
