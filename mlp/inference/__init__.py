"""The model server: one process, one model version, answered by ONNX Runtime over HTTP.

`http1` knows sockets and framing; the shell (`app`, `routes`, `handlers`, `pages`) knows paths and statuses; `predict`
knows the JSON of one protocol; the data plane (`dataplane`, `tensors`, `session`, `drift`) knows tensors and nothing of
HTTP. What happens before a server listens is in `source`, `cache`, `checker`, `loading` and `failure`. No training
library, ORM, web framework or Kubernetes client is imported here, and the command line speaks to this process by HTTP
alone.
"""
