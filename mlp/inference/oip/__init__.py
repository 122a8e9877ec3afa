"""The Open Inference Protocol, version 2: REST with the binary tensor extension, and gRPC.

Source: github.com/kserve/open-inference-protocol (inference_rest, inference_grpc), and Triton's binary tensor data
extension. Tensors are named by feature, or all features come as one matrix; what is computed is the data plane's.
"""
