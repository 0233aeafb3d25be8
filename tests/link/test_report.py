"""A report says what failed first, what failed after it, what is left, and what that has to do with CloudFormation."""

import json
from ipaddress import IPv4Network

import pytest

from link import cloudformation, report
from link.report import Ended, Failure
from link.steps import Goal, State, Wanted
from tests import worlds

NO = Failure(Error="CloudRefused", Cause='{"errorMessage": "no", "errorType": "CloudRefused"}')
UP = {"state": "up", "reason": "Verified", "message": "it answered"}


def _ended(*failed: State, wanted: Wanted = Wanted.UP, goal: Goal = Goal.DOWN, verdict: object = None) -> Ended:
    return Ended.model_validate(
        {
            "link": "prod",
            "wanted": wanted,
            "goal": goal,
            "failed": dict.fromkeys(failed, NO),
            "did": {},
            "verdict": verdict,
        }
    )


def test_the_cause_is_what_failed_first_whatever_the_order_in_which_it_is_handed_over() -> None:
    said = report.write(_ended(State.RETIRE_GATEWAY, State.REMOVE_ROUTES, State.ADJUST_ROUTES))
    then = [f"Then {state} failed too: CloudRefused: no" for state in ("RetireGateway", "RemoveRoutes")]
    assert said.message == ". ".join(["AdjustRoutes: no", *then])
    down = report.write(_ended(State.RETIRE_GATEWAY, State.DISCONNECT_AZURE, wanted=Wanted.DOWN))
    assert down.message.startswith("DisconnectAzure: no")


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (Goal.RESTORE, "LaunchGateway: no. The link was given back to what served it before"),
        (Goal.DOWN, "LaunchGateway: no. What was made was removed again"),
    ],
)
def test_what_was_undone_is_said(goal: Goal, said: str) -> None:
    assert report.write(_ended(State.LAUNCH_GATEWAY, goal=goal)).message == said


def test_a_refusal_undid_nothing_and_claims_nothing() -> None:
    assert report.write(_ended(State.PREFLIGHT)).message == "Preflight: no"


def test_a_boot_is_named_by_the_state_that_waited_for_it() -> None:
    assert report.write(_ended(State.EXPLAIN_BOOT)).message.startswith("WaitForBoot: no")


def test_a_verified_link_whose_old_gateway_lingers_is_up() -> None:
    said = report.write(_ended(State.RETIRE_GATEWAY, goal=Goal.UP, verdict=UP))
    assert (said.outcome, said.warnings) == ("success", ("RetireGateway: CloudRefused: no",))
    assert report.write(_ended(State.RETIRE_GATEWAY, State.VERIFY, verdict=UP)).outcome == "failure"


def test_a_long_sentence_leaves_room_for_what_is_left_in_an_answer_and_is_whole_in_the_report() -> None:
    long = Failure(Error="E", Cause="x" * 5000)
    ended = _ended().model_copy(update={"failed": {State.DISCONNECT_AZURE: long}, "wanted": Wanted.DOWN})
    left = report.leftovers(worlds.spec(), ended.failed, "causeway-prod", frozenset(), ())
    then = report.way_out(worlds.spec(), "causeway-prod", "Link")
    failure = report.failure(ended, left, then)
    reason = json.loads(cloudformation.body({}, failure, {}, "the table"))["Reason"]
    assert reason.startswith("E: DisconnectAzure: xxx")
    assert all(one.remove in reason for one in left)
    assert reason.endswith("--retain-resources Link")
    message = report.write(ended, left, then).message
    assert "x" * 4000 in message
    assert message.endswith("--retain-resources Link")


def test_a_success_has_no_sentences_of_a_failure() -> None:
    assert report.failure(_ended(goal=Goal.UP, verdict=UP)) == ()
    assert report.failure(_ended(State.RETIRE_GATEWAY, goal=Goal.UP, verdict=UP)) == ()
    assert report.failure(_ended(State.ATTACH_ELASTIC_IP))[0] == "CloudRefused: AttachElasticIp: no"


def test_what_is_left_is_only_what_the_states_that_failed_would_have_removed() -> None:
    routes = frozenset({("rtb-1", IPv4Network("10.0.0.0/16"))})
    left = report.leftovers(worlds.spec(), {State.REMOVE_ROUTES: NO}, "causeway-prod", routes, ("i-1",))
    assert [one.what for one in left] == ["the route to 10.0.0.0/16 in rtb-1"]
