"""Kubernetes: the one package that imports its client, and only for credentials and HTTP.

Objects are the dictionaries that the API server sends. A `Client` reads, writes and watches them, a `Reflector` keeps
a `Store` equal to what the cluster has, an `Elector` holds a Lease. Nothing here knows what a model is.
"""
