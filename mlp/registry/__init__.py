"""The registry: models, their versions, and the proof that a version is what it says.

A FastAPI service. `routes` translate HTTP and nothing else, `service` holds the rules, `repository` all SQL, `store`
the bytes, `check` the judgement of a model. This process never imports numpy, onnx or onnxruntime and never opens a
model: that happens in a child that can be killed.
"""
