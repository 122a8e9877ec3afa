"""What NetworkPolicies allow, by the words of the API: https://kubernetes.io/docs/concepts/services-networking/network-policies/."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod, by what policies see of it."""

    namespace: str
    labels: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Its named ports."""


@dataclass(frozen=True)
class Outside:
    """An address that is no pod's."""

    address: str


Peer = Pod | Outside


@dataclass(frozen=True)
class Network:
    """The policies of a cluster, and the labels of its namespaces."""

    policies: Sequence[Policy]
    namespaces: Mapping[str, Mapping[str, str]]

    def allows(self, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether `source` may open a connection: its egress and the target's ingress both allow it."""
        return self._lets("Egress", source, target, port, protocol) and self._lets(
            "Ingress", target, source, port, protocol
        )

    def _lets(self, way: str, pod: Peer, peer: Peer, port: int, protocol: str) -> bool:
        """Whether the policies that select `pod` allow the way; a pod that none selects is open, as is the outside."""
        if isinstance(pod, Outside):
            return True
        selecting = [policy for policy in self.policies if way in types_of(policy) and _selects(policy, pod)]
        holder = peer if way == "Egress" else pod  # whose named ports a rule means
        return not selecting or any(
            self._is_met(rule, way, policy, peer, holder, (port, protocol))
            for policy in selecting
            for rule in policy["spec"].get(way.lower()) or ()
        )

    def _is_met(
        self, rule: Mapping[str, Any], way: str, policy: Policy, peer: Peer, holder: Peer, port: tuple[int, str]
    ) -> bool:
        peers = rule.get("to" if way == "Egress" else "from")
        at_home = policy["metadata"]["namespace"]
        return (not peers or any(self._is_peer(each, peer, at_home) for each in peers)) and (
            not rule.get("ports") or any(_is_port(each, holder, *port) for each in rule["ports"])
        )

    def _is_peer(self, selector: Mapping[str, Any], peer: Peer, at_home: str) -> bool:
        if "ipBlock" in selector:
            return isinstance(peer, Outside) and _is_within(selector["ipBlock"], peer.address)
        if isinstance(peer, Outside):
            return False
        if "namespaceSelector" not in selector:
            namespace = peer.namespace == at_home
        else:
            namespace = matches(selector["namespaceSelector"], self.namespaces.get(peer.namespace, {}))
        return namespace and matches(selector.get("podSelector"), peer.labels)


def types_of(policy: Policy) -> Sequence[str]:
    """Return the policy's types; where it names none, Ingress, and Egress if it has rules for it."""
    spec = policy["spec"]
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects the labels; an empty one selects all."""
    if not selector:
        return True
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _is_expressed(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _is_expressed(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, value = expression["key"], labels.get(expression["key"])
    return {
        "In": value in expression.get("values", ()),
        "NotIn": value not in expression.get("values", ()),
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def _selects(policy: Policy, pod: Pod) -> bool:
    return policy["metadata"]["namespace"] == pod.namespace and matches(policy["spec"].get("podSelector"), pod.labels)


def _is_port(rule: Mapping[str, Any], holder: Peer, port: int, protocol: str) -> bool:
    if rule.get("protocol", "TCP") != protocol:
        return False
    wanted = rule.get("port")
    if isinstance(wanted, str):
        return isinstance(holder, Pod) and holder.ports.get(wanted) == port
    return wanted is None or wanted <= port <= rule.get("endPort", wanted)


def _is_within(block: Mapping[str, Any], address: str) -> bool:
    one = ipaddress.ip_address(address)
    return one in ipaddress.ip_network(block["cidr"]) and not any(
        one in ipaddress.ip_network(each) for each in block.get("except", ())
    )
