"""Judging an uploaded model: is it ONNX, is it safe to run, does it answer its golden rows?

`judge` is what the registry uses: it hands a file to a process of its own and gets a verdict. Everything else runs in
that process. Nothing here may trust the file, and only `template` and `__main__` may be started.
"""
