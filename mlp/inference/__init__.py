"""The model server: one process, one model version, answered by ONNX Runtime over HTTP.

The protocol shell (`server`, `app`, `body`, `predict`, `decode`, `encode`, `pages`, `handlers`) knows HTTP and JSON and
nothing of ONNX; the data plane (`dataplane`, `tensors`, `session`, `drift`) knows tensors and nothing of HTTP. What
happens before a server listens is in `source`, `cache`, `checker`, `loading` and `failure`. No training library, ORM,
web framework or Kubernetes client is imported here, and the command line speaks to this process by HTTP alone.
"""
