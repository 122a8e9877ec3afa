"""Why a deployment does not serve: the chain from the deployment to one cause, and one fix."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlp.cli.catalogue import GENERIC, KNOWN
from mlp.cli.overview import printable_lines
from mlp.cli.text import age

if TYPE_CHECKING:
    from mlp.api.documents import LinkDocument, WhyDocument
    from mlp.cli.catalogue import Known


def cause_of(why: WhyDocument) -> Known | None:
    """Return the catalogue's entry for the cause; None where there is no fault."""
    reason = why.get("reason")
    if why["ok"] or reason is None:
        return None
    return KNOWN.get(reason) or (GENERIC["Failed"] if why["settled"] else None)


def why_document(why: WhyDocument) -> dict[str, Any]:
    """Return the chain with the code, the cause and the fix that the catalogue knows."""
    known, name = cause_of(why), why["name"]
    said = {} if known is None else {"code": known.code, "cause": known.cause, "fix": known.fix_for({"name": name})}
    return {**why, **said}


def why_text(why: WhyDocument, *, ascii_only: bool = False) -> str:
    """Return a headline, a line a link, and what to do; `ascii_only` draws no branches."""
    known = cause_of(why)
    lines = [_headline(why, known), ""]
    kinds: list[str] = []
    for link in why["links"]:
        if link["kind"] not in kinds[-1:]:  # several pods stand beside each other
            kinds.append(link["kind"])
        depth = len(kinds) - 1
        branch = "" if depth == 0 else f"{'  ' * (depth - 1)}{'because of' if ascii_only else '└'} "
        lines.append(branch + _link(link))
    if known is not None:
        lines += ["", f"cause  {why.get('message') or known.cause}", f"fix    {known.fix_for({'name': why['name']})}"]
    again = why.get("next_attempt_at")
    if again is not None and not why["ok"]:
        lines.append(f"next   it is tried again at {datetime.fromisoformat(again).astimezone():%H:%M:%S}")
    log = why.get("log")
    if log and not why["ok"]:
        lines += ["", "last lines of its log", *(f"  {line}" for line in log)]
    return printable_lines(lines)


def _headline(why: WhyDocument, known: Known | None) -> str:
    name, served = why["name"], why.get("served_version")
    if why["ok"]:
        return f"{name} serves what it is asked for"
    answers = f"; version {served} answers meanwhile" if served is not None else ""
    if known is not None:
        return f"{name} does not serve what it is asked for: {known.code} {known.title}{answers}"
    return f"{name} does not serve what it is asked for yet{answers}"


def _link(link: LinkDocument) -> str:
    reason, at = link.get("reason"), link.get("at")
    words = [f"{link['kind']} {link['name']}", link["state"]]
    if reason is not None and reason != link["state"]:
        words.append(reason)
    if link.get("message"):
        words.append(link["message"])
    if at is not None:
        words.append(f"for {age(at)}")
    return "   ".join(words)
