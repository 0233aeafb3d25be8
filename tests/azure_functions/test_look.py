"""What a look says of the shared key, and what it leaves out."""

import pytest

from azure_functions import look
from link import azure_plan, errors
from link.facts import AzureFacts
from tests.azure_functions import fakes


def _linked() -> fakes.FakeArm:
    arm = fakes.FakeArm()
    for _ in range(2):
        step = azure_plan.steps(fakes.REF, fakes.WANTED, look.find_facts(arm, fakes.FakeAws(), fakes.REF))[0].action
        if isinstance(step, azure_plan.PutLocalNetworkGateway):
            arm.put_local_network_gateway(fakes.REF, step)
        elif isinstance(step, azure_plan.PutConnection):
            arm.put_connection(fakes.REF, step)
        arm.settle()
    return arm


def _key_matches(facts: AzureFacts) -> bool | None:
    assert facts.connection is not None
    return facts.connection.key_matches


@pytest.mark.parametrize(("key", "matches"), [(fakes.PSK, True), ("", False), (fakes.PSK + "x", False)])
def test_the_key_is_compared(key: str, matches: bool) -> None:
    arm = _linked()
    arm.key = key
    assert _key_matches(look.find_facts(arm, fakes.FakeAws(), fakes.REF)) is matches


class SecretIsUnreadable(fakes.FakeAws):
    """A secret that the Function's role may not read."""

    def read_psk(self, ref: object) -> str:
        raise errors.CloudRefused("read the link's PSK: AccessDeniedException: no")


class KeyIsUnreadable(fakes.FakeArm):
    """A role in Azure without the action connections/sharedKey."""

    def read_shared_key(self, ref: object) -> str:
        raise errors.CloudRefused("read the shared key: AuthorizationFailed: no")


def test_a_key_that_cannot_be_read_on_either_side_is_unknown_not_different() -> None:
    arm = _linked()
    unreadable = KeyIsUnreadable(local=arm.local, connection=arm.connection)
    assert _key_matches(look.find_facts(arm, SecretIsUnreadable(), fakes.REF)) is None
    assert _key_matches(look.find_facts(unreadable, fakes.FakeAws(), fakes.REF)) is None


def test_a_foreign_connections_key_is_not_read() -> None:
    arm = _linked()
    assert arm.connection is not None
    arm.connection = arm.connection.model_copy(update={"ours": False})
    assert _key_matches(look.find_facts(arm, fakes.FakeAws(), fakes.REF)) is None


def test_missing_networks_are_named() -> None:
    ref = fakes.REF.model_copy(update={"virtual_networks": ("workloads", "other")})
    facts = look.find_facts(fakes.FakeArm(), fakes.FakeAws(), ref)
    assert (facts.virtual_networks, facts.missing_networks) == ((fakes.NETWORK,), ("other",))


def test_a_key_that_an_end_would_refuse_is_told_and_no_part_of_it(caplog: pytest.LogCaptureFixture) -> None:
    facts = look.find_facts(fakes.FakeArm(), fakes.FakeAws(psk="not-allowed-by-azure"), fakes.REF)
    assert facts.psk_fault is not None and "hyphen" in facts.psk_fault
    assert "not-allowed" not in facts.model_dump_json() + caplog.text


def test_a_key_that_cannot_be_read_has_no_fault_and_a_reason() -> None:
    facts = look.find_facts(fakes.FakeArm(), SecretIsUnreadable(), fakes.REF)
    assert facts.psk_fault is None
    assert facts.psk_unread == "read the link's PSK: AccessDeniedException: no"
    assert look.find_facts(fakes.FakeArm(), fakes.FakeAws(), fakes.REF).psk_unread is None
