"""FastAPI with pydantic and ONNX Runtime: what one writes by hand. Arguments: graph, port, a folder to work in."""

import sys

import numpy
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
graph = onnxruntime.InferenceSession(sys.argv[1], options)
app = FastAPI()


class Request(BaseModel):
    features: list[tuple[float, float, float, float]]


class Answer(BaseModel):
    predictions: list[str]


@app.post("/predict")
async def predict(request: Request) -> Answer:
    labels = graph.run(["label"], {"X": numpy.array(request.features, dtype=numpy.float32)})[0]
    return Answer(predictions=labels.tolist())


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
