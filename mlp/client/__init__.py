"""Speaking HTTP to the platform's processes: the registry, a model server, the agent of this machine.

The only package that imports httpx on the caller's side. Every failure leaves it as an error of `mlp.errors`.
"""
