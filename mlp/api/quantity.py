"""Amounts of resources, as Kubernetes writes them."""

from __future__ import annotations

import re
from decimal import Decimal

QUANTITY_PATTERN = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_SCALE = {
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
}


def amount(quantity: str) -> Decimal | None:
    """Return the number that a quantity stands for: `500m` is 0.5, `1Ki` is 1024. None if it is written otherwise."""
    match = _PARTS.fullmatch(quantity)
    if match is None:
        return None
    number, unit = match.groups()
    return Decimal(number) * (_SCALE[unit] if unit else 1)
