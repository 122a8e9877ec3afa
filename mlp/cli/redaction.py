"""Taking out what nobody else may see, wherever text leaves for a screen or a bundle."""

from __future__ import annotations

import re

_HIDDEN = "[hidden]"
# Every repetition before a word that has to follow is bounded: a line may be a megabyte long.
_PATTERNS = (
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}"),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^/\s:@]{0,200}:)[^/\s@]+(?=@)"),
    re.compile(r"(?i)([?&](?:x-amz-[a-z-]+|signature|sig|token|access_key|secret)=)[^&\s\"']+"),
    re.compile(
        r"(?i)(\b[a-z0-9_.-]{0,64}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|credential)"
        r"(?![a-z0-9_.-]{0,64}file)[a-z0-9_.-]{0,64}[\"']?"
        r"\s*[:=]\s*[\"']?)(?!\s|[\[{])[^\s\"',;}\]]+"
    ),
    re.compile(r"()\bmlp_[A-Za-z0-9_-]{16,}"),
    re.compile(r"()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
)


def redacted(text: str) -> str:
    """Return `text` without tokens, passwords, keys and signatures; file names stay."""
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: f"{match[1]}{_HIDDEN}", text)
    return text
