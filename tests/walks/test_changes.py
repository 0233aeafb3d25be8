"""A change of a link that is up touches what differs; one that fails or is refused leaves the link as it was."""

import pytest

from lambdas.clouds import aws, locks, table
from link.steps import State
from rehearsal import listings
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner


def test_another_instance_type_is_made_before_the_old_one_is_broken(
    established: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = aws.gateways(established.settings)
    runner.change(established, monkeypatch, instance_type="t3.medium")
    ended = Runner(established).run(runner.document())
    assert ended.status == "SUCCEEDED"
    assert set(runner.tasks(ended.way)) == {*runner.CHANGE, State.RETIRE_GATEWAY, State.REPORT}
    (new,) = aws.gateways(established.settings)
    assert new.id != old.id
    assert new.instance_type == "t3.medium"
    assert aws.elastic_ip(established.settings).interface == new.interface
    assert runner.reasons(ended, State.LAUNCH_GATEWAY) == ["InstanceTypeDiffers"]


@pytest.mark.parametrize("state", runner.CHANGE)
def test_a_change_that_fails_gives_the_link_back_to_what_served_it(
    established: Clouds, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    before = established.listing()
    runner.change(established, monkeypatch, instance_type="t3.medium")
    ended = Runner(established, after={state: runner.fails}).run(runner.document())
    assert (ended.status, ended.error) == ("FAILED", "CloudRefused")
    assert ended.cause.startswith(f"{state}: the test says no")
    assert listings.differences(before, established.listing()) == []
    assert locks.holder("link") is None


def test_an_old_gateway_that_will_not_end_is_a_warning_and_no_failure(
    established: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.change(established, monkeypatch, instance_type="t3.medium")
    ended = Runner(established, before={"RetireGateway": runner.fails}).run(runner.document())
    assert ended.status == "SUCCEEDED"
    ((reason, data),) = established.answered
    assert reason is None
    assert data["Warnings"].endswith("RetireGateway: CloudRefused: the test says no")


@pytest.mark.parametrize("declared", [{"probe": "10.0.0.9"}, {"policy": "ECP384"}])
def test_a_change_of_the_configuration_replaces_no_instance_and_is_applied_after_azure(
    established: Clouds, monkeypatch: pytest.MonkeyPatch, declared: dict[str, str]
) -> None:
    (old,) = aws.gateways(established.settings)
    published = table.published_version("link")
    runner.change(established, monkeypatch, **declared)
    ended = Runner(established).run(runner.document())
    assert ended.status == "SUCCEEDED"
    assert aws.gateways(established.settings) == (old,)
    assert table.published_version("link") != published
    applied = {state: runner.reasons(ended, state) for state in runner.CHANGE if runner.reasons(ended, state)}
    assert applied == {State.REPOINT_GATEWAY: ["ConfigurationDiffers"]}


def test_a_change_that_is_refused_changes_nothing(established: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    before, published = established.listing(), table.published_version("link")
    runner.change(established, monkeypatch, probe="192.168.1.1")
    ended = Runner(established).run(runner.document())
    assert (ended.error, runner.tasks(ended.way)) == ("Refused", ["Discover", "Preflight", "Report"])
    assert listings.differences(before, established.listing()) == []
    assert table.published_version("link") == published
