"""Which kind of file this is, by its first bytes. Nothing is opened or decoded here."""

from __future__ import annotations

from mlp.errors import Invalid, Unsupported

HEAD = 512
"""How many bytes of a file are enough to tell."""

_MAGIC = (
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array"),
)
_FIRST_BYTE = b"\x08"  # the tag of a ModelProto's first field, ir_version, which no model may lack


def check_format(head: bytes) -> None:
    """Return if a file that begins with `head` may be ONNX.

    Raises Unsupported (`unsupported_format`) naming what it looks like, or Invalid (`invalid_model`) for no bytes.
    """
    if not head:
        raise Invalid("the file is empty", code="invalid_model")
    found = next((what for magic, what in _MAGIC if head.startswith(magic)), None)
    if found is None and head[257:262] == b"ustar":
        found = "a tar archive"
    if found is None and not head.startswith(_FIRST_BYTE):
        found = "something else"
    if found is not None:
        raise Unsupported(f"the registry takes ONNX; this is {found}", code="unsupported_format")
