"""A launch that fails leaves both clouds as they were, and says in which state and why."""

import pytest

from lambdas.clouds import aws, locks, memory, table
from link.steps import State
from rehearsal import listings
from tests import worlds
from tests.stacks import machines
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner


def test_a_launch_goes_through_these_states_and_leaves_the_lock(clouds: Clouds) -> None:
    ended = Runner(clouds).run(runner.document())
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert list(dict.fromkeys(runner.tasks(ended.way))) == [*runner.LAUNCH, State.REPORT]
    assert locks.holder("link") is None
    assert memory.recall_one("link").established.vpc == clouds.settings.spec.aws.vpc


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("state", runner.LAUNCH)
def test_a_launch_that_fails_leaves_both_clouds_as_before(clouds: Clouds, state: State, when: str) -> None:
    assert state in machines.states()
    before = clouds.listing()
    walk = Runner(clouds)
    getattr(walk, when)[state] = runner.fails
    ended = walk.run(runner.document())
    assert ended.status == "FAILED"
    assert listings.differences(before, clouds.listing()) == []
    assert locks.holder("link") is None
    ((reason, _),) = clouds.answered
    assert reason is not None
    assert reason.startswith(f"CloudRefused: {state}: the test says no")


def test_a_gateway_that_stays_silent_is_taken_away_and_named(clouds: Clouds) -> None:
    before = clouds.listing()
    clouds.boots = False
    ended = Runner(clouds).run(runner.document())
    assert listings.differences(before, clouds.listing()) == []
    assert (ended.error, ended.cause.startswith("WaitForBoot: i-")) == ("BootSilent", True)


def test_a_rollback_that_fails_names_what_is_left_and_how_to_remove_it(clouds: Clouds) -> None:
    fails = dict.fromkeys(("Verify", "DisconnectAzure", "RemoveRoutes", "RetireGateway"), runner.fails)
    ended = Runner(clouds, before=fails).run(runner.document())
    (gateway,) = aws.gateways(clouds.settings)
    assert ended.cause.startswith("Verify: the test says no. Then DisconnectAzure failed too: CloudRefused")
    table_id = next(iter(table.own_routes("link")))[0]
    for command in (
        f"az network vpn-connection delete --subscription {worlds.GUID} -g network -n causeway-prod",
        f"az network local-gateway delete --subscription {worlds.GUID} -g network -n causeway-prod",
        f"aws ec2 delete-route --region eu-west-1 --route-table-id {table_id} --destination-cidr-block 10.0.0.0/16",
        f"aws ec2 terminate-instances --region eu-west-1 --instance-ids {gateway.id}",
    ):
        assert command in ended.cause
    assert locks.holder("link") is None


def test_every_state_of_the_machine_was_made_to_fail_here_or_only_takes_away() -> None:
    tasks = {name for name, state in machines.states().items() if state["Type"] == "Task"}
    taking_away = {State.DISCONNECT_AZURE, State.REMOVE_ROUTES, State.RETIRE_GATEWAY, State.RESTORE_GATEWAY}
    # ExplainBoot always fails; a Report that fails is answered for by AnswerForWalk.
    assert tasks == {*runner.CHANGE, *taking_away, State.EXPLAIN_BOOT, State.REPORT}
