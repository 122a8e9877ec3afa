"""Why a deployment does not serve: the chain from the deployment to one cause, and one fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlp.cli.catalogue import GENERIC, KNOWN
from mlp.cli.overview import printable_lines
from mlp.cli.text import age

if TYPE_CHECKING:
    from mlp.api.why import Link, Why
    from mlp.cli.catalogue import Known


def cause_of(why: Why) -> Known | None:
    """Return the catalogue's entry for the cause; None where there is no fault."""
    if why.ok or why.reason is None:
        return None
    return KNOWN.get(why.reason) or (GENERIC["Failed"] if why.settled else None)


def why_document(why: Why) -> dict[str, Any]:
    """Return the chain with the code, the cause and the fix that the catalogue knows."""
    known = cause_of(why)
    said = {} if known is None else {"code": known.code, "cause": known.cause, "fix": known.fix_for({"name": why.name})}
    return {**why.model_dump(mode="json"), **said}


def why_text(why: Why, *, ascii_only: bool = False) -> str:
    """Return a headline, a line a link, and what to do; `ascii_only` draws no branches."""
    known = cause_of(why)
    lines = [_headline(why, known), ""]
    for depth, link in enumerate(why.links):
        branch = "" if depth == 0 else f"{'  ' * (depth - 1)}{'because of' if ascii_only else '└'} "
        lines.append(branch + _link(link))
    if known is not None:
        lines += ["", f"cause  {why.message or known.cause}", f"fix    {known.fix_for({'name': why.name})}"]
    if why.next_attempt_at is not None and not why.ok:
        lines.append(f"next   it is tried again at {why.next_attempt_at.astimezone():%H:%M:%S}")
    if why.log and not why.ok:
        lines += ["", "last lines of its log", *(f"  {line}" for line in why.log)]
    return printable_lines(lines)


def _headline(why: Why, known: Known | None) -> str:
    if why.ok:
        return f"{why.name} serves what it is asked for"
    answers = f"; version {why.served_version} answers meanwhile" if why.served_version is not None else ""
    if known is not None:
        return f"{why.name} does not serve what it is asked for: {known.code} {known.title}{answers}"
    return f"{why.name} does not serve what it is asked for yet{answers}"


def _link(link: Link) -> str:
    words = [f"{link.kind} {link.name}", link.state]
    if link.reason is not None and link.reason != link.state:
        words.append(link.reason)
    if link.message:
        words.append(link.message)
    if link.at is not None:
        words.append(f"for {age(link.at)}")
    return "   ".join(words)
