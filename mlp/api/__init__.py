"""The platform's language: the documents that travel between its processes.

Pydantic and the standard library only. No I/O, no HTTP, no numpy: what a document means is here, who sends it is not.
"""
