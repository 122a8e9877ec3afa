"""Where webhooks may lead, and when they are tried again: decisions without effects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlp.api.webhook import key_of
from mlp.errors import Invalid
from mlp.registry.webhooks.attempts import MOST_ATTEMPTS, Outcome, next_attempt
from mlp.registry.webhooks.hosts import AllowedHosts, Place
from mlp.registry.webhooks.signature import signed_headers

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOSTS = AllowedHosts.of(["hooks.example.com", "*.wide.test", "inside.local", "169.254.10.10"])


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("hooks.example.com", "93.184.215.14", True),
        ("a.wide.test", "93.184.215.14", True),
        ("a.wide.test", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("a.wide.test", "10.0.0.1", False),
        ("a.wide.test", "127.0.0.1", False),
        ("a.wide.test", "::1", False),
        ("a.wide.test", "fd12::1", False),
        ("a.wide.test", "::ffff:10.0.0.1", False),
        ("a.wide.test", "100.64.0.1", False),
        ("inside.local", "10.0.0.1", True),
        ("inside.local", "127.0.0.1", True),
        ("inside.local", "169.254.169.254", False),
        ("inside.local", "::ffff:169.254.169.254", False),
        ("inside.local", "fe80::1%eth0", False),
        ("inside.local", "fd00:ec2::254", False),
        ("inside.local", "100.100.100.200", False),
        ("inside.local", "0.0.0.0", False),
        ("inside.local", "224.0.0.1", False),
        ("inside.local", "255.255.255.255", False),
        ("169.254.10.10", "169.254.10.10", True),
        ("inside.local", "no address", False),
    ],
)
def test_which_address_a_host_may_have(host: str, address: str, allowed: bool) -> None:
    assert HOSTS.may_reach(host, address) is allowed


def test_a_url_leads_to_a_host_and_a_port() -> None:
    assert HOSTS.place_of("https://HOOKS.example.com/x?y") == Place("hooks.example.com", 443, "hooks.example.com")
    assert HOSTS.place_of("http://b.a.wide.test:8080/") == Place("b.a.wide.test", 8080, "b.a.wide.test:8080")
    for wrong in ("https://wide.test/", "https://evilwide.test/", "https://hooks.example.com.evil/", "http://[::1]/"):
        with pytest.raises(Invalid):
            HOSTS.place_of(wrong)


def test_by_default_webhooks_lead_nowhere() -> None:
    with pytest.raises(Invalid, match="MLP_REGISTRY_WEBHOOK_HOSTS") as refusal:
        AllowedHosts.of([]).place_of("http://127.0.0.1/")
    assert refusal.value.code == "webhook_host_forbidden"


@pytest.mark.parametrize("pattern", ["*", "*.", "http://x", "a b", "a/b", "-x", "x:80", ""])
def test_what_is_no_host_is_no_setting(pattern: str) -> None:
    with pytest.raises(ValueError, match="neither a host"):
        AllowedHosts.of([pattern])


def test_pauses_double_up_to_an_hour_and_end() -> None:
    failed = Outcome(error="no answer in time")
    for attempts, pause in ((1, 5), (2, 10), (5, 80), (14, 3_600)):
        again = next_attempt(failed, attempts, 5.0, NOW)
        assert again is not None
        assert timedelta(seconds=pause * 0.8) <= again - NOW <= timedelta(seconds=pause * 1.2)
    assert next_attempt(failed, MOST_ATTEMPTS, 5.0, NOW) is None
    assert next_attempt(Outcome(status=204), 1, 5.0, NOW) is None
    assert next_attempt(Outcome(status=410), 1, 5.0, NOW) is None
    assert next_attempt(Outcome(status=302), 1, 5.0, NOW) is not None


def test_a_signature_is_that_of_the_specification() -> None:
    """The values are those of the example in Standard Webhooks' own libraries."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 200]
)
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        key_of(secret)
