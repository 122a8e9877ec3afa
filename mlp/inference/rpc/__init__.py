"""The Open Inference Protocol over gRPC.

The only package that imports grpc and protobuf, which are an extra (`mlp[grpc]`): it is imported when a port is asked
for, so that whoever does without pays neither the import nor the memory.
"""
