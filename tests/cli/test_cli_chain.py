"""How a chain to a cause is drawn."""

from mlp.cli.chain import why_text


def link(kind, name, state):
    return {"kind": kind, "name": name, "state": state, "reason": None, "message": "", "at": None}


def test_replicas_stand_beside_each_other_not_one_below_the_other():
    links = [
        link("deployment", "iris", "Ready"),
        link("version", "iris:2", "wanted"),
        link("pod", "a", "ready"),
        link("pod", "b", "ready"),
    ]
    why = {"name": "iris", "ok": True, "settled": True, "links": links}
    drawn = ["└ version iris:2   wanted", "  └ pod a   ready", "  └ pod b   ready"]
    assert why_text(why).splitlines()[3:] == drawn
