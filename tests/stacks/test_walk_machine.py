"""The state machine is code too: states have handlers, waits have ends, errors are named as they are raised."""

from pathlib import Path
from typing import Any

from link import errors
from link.steps import State
from tests.stacks import machines

HANDLERS = Path(__file__).resolve().parents[2] / "lambdas" / "handlers"


def _tasks() -> dict[str, Any]:
    return {name: state for name, state in machines.states().items() if state["Type"] == "Task"}


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def test_the_states_of_the_walk_are_the_tasks_of_the_machine() -> None:
    assert set(_tasks()) == {state.value for state in State}


def test_every_task_has_the_handler_of_its_name() -> None:
    handlers = {path.stem for path in HANDLERS.glob("*.py")} - {"__init__"}
    assert {_snake(name) for name in _tasks()} <= handlers
    assert handlers - {_snake(name) for name in _tasks()} == {
        "deploy_link",
        "hear_gateway",
        "answer_for_walk",
        "watch",
        "mail_costs",
    }


def test_every_task_retries_exactly_the_errors_that_are_worth_it() -> None:
    names = {kind.__name__ for kind in errors.RETRYABLE}
    for name, task in _tasks().items():
        retried = {name for retry in task["Retry"] for name in retry["ErrorEquals"]}
        ours = {name for name in retried if "." not in name}
        assert ours == names | ({"LinkBusy"} if name != "Report" else set())
        assert all(retry["MaxAttempts"] <= 6 for retry in task["Retry"] if retry["ErrorEquals"] != ["LinkBusy"])


def test_every_task_whose_function_ended_in_the_middle_is_begun_again_a_few_times() -> None:
    ended = {"Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"}
    for task in _tasks().values():
        retries = [one for one in task["Retry"] if one["ErrorEquals"] != ["States.HeartbeatTimeout"]]
        retried = {name for retry in retries for name in retry["ErrorEquals"]}
        assert {*ended, "Runtime.ExitError", "Sandbox.Timedout"} <= retried


def test_another_walk_is_waited_for_but_not_until_this_one_has_no_time_left() -> None:
    for task in _tasks().values():
        for retry in task["Retry"]:
            if retry["ErrorEquals"] == ["LinkBusy"]:
                assert retry["MaxAttempts"] * retry["IntervalSeconds"] <= 15 * 60
                assert retry["BackoffRate"] == 1


UNDONE = (
    "LaunchGateway",
    "WaitForBoot",
    "ExplainBoot",
    "AttachElasticIp",
    "AdjustRoutes",
    "ConnectAzure",
    "RepointGateway",
    "Verify",
)


def test_every_failure_keeps_its_state_and_leads_on_to_what_is_left_to_do() -> None:
    way = {
        "Discover": "Report",
        "Preflight": "Report",
        **dict.fromkeys(UNDONE, "WhatWasThere"),
        "DisconnectAzure": "RemoveRoutes",
        "RemoveRoutes": "RetireGateway",
        "RestoreGateway": "RetireGateway",
        "RetireGateway": "Report",
    }
    for name, task in _tasks().items():
        if name != "Report":
            last = task["Catch"][-1]
            assert (last["ErrorEquals"], last["Next"], last["ResultPath"]) == (
                ["States.ALL"],
                way[name],
                f"$.failed.{name}",
            )


def test_a_walk_that_never_had_the_link_undoes_nothing() -> None:
    for name, task in _tasks().items():
        if name != "Report":
            nexts = [catch["Next"] for catch in task["Catch"] if set(catch["ErrorEquals"]) & {"LinkBusy", "States.ALL"}]
            assert nexts[0] == "Report"


def test_a_launch_is_undone_and_a_change_given_back() -> None:
    what = machines.states()["WhatWasThere"]
    (established,) = what["Choices"]
    assert (established["Variable"], established["BooleanEquals"]) == ("$.found.established", True)
    assert (established["Next"], what["Default"]) == ("RestoreGateway", "DisconnectAzure")


def test_a_silent_boot_is_explained_before_it_is_reported() -> None:
    first = machines.states()["WaitForBoot"]["Catch"][0]
    assert (first["ErrorEquals"], first["Next"]) == (["States.Timeout"], "ExplainBoot")


def test_every_state_that_waits_for_a_token_has_an_end() -> None:
    waiting = {name: task for name, task in _tasks().items() if "waitForTaskToken" in task["Resource"]}
    assert set(waiting) == {"WaitForBoot", "ConnectAzure", "DisconnectAzure"}
    assert all(task["TimeoutSeconds"] <= 1200 for task in waiting.values())
    assert all(task["HeartbeatSeconds"] for name, task in waiting.items() if name.endswith("Azure"))


def test_work_whose_function_died_is_handed_over_again() -> None:
    for name in ("ConnectAzure", "DisconnectAzure"):
        errors_retried = {error for retry in _tasks()[name]["Retry"] for error in retry["ErrorEquals"]}
        assert "States.HeartbeatTimeout" in errors_retried


def test_a_walk_ends_within_fifty_minutes() -> None:
    assert machines.definition()["TimeoutSeconds"] == 3000


def test_the_walk_up_reads_like_the_manual_procedure() -> None:
    states, name, told = machines.states(), "Discover", []
    while name != "Report":
        told.append(name)
        state = states[name]
        # The second choice of IsItUp is up as well, and leads over RetireGateway.
        name = state["Choices"][-1]["Next"] if state["Type"] == "Choice" else state["Next"]
    assert [name for name in told if states[name]["Type"] == "Task"] == [
        "Discover",
        "Preflight",
        "LaunchGateway",
        "WaitForBoot",
        "AttachElasticIp",
        "AdjustRoutes",
        "ConnectAzure",
        "RepointGateway",
        "Verify",
        "RetireGateway",
    ]


def test_a_first_launch_has_no_configuration_to_replace() -> None:
    assert machines.states()["HasItBeenUp"]["Default"] == "Verify"


def test_the_walk_down_undoes_azure_first_and_the_gateway_last() -> None:
    start = machines.states()["WhatIsWanted"]
    (down,) = [choice["Next"] for choice in start["Choices"] if choice["StringEquals"] == "down"]
    states = machines.states()
    assert (down, states[down]["Next"], states["RemoveRoutes"]["Next"]) == (
        "DisconnectAzure",
        "RemoveRoutes",
        "RetireGateway",
    )


def test_a_link_that_is_up_with_one_gateway_ends_at_once() -> None:
    up_and_alone, up = machines.states()["IsItUp"]["Choices"]
    assert [one["Variable"] for one in up_and_alone["And"]] == ["$.verdict.state", "$.verdict.unwanted"]
    assert (up_and_alone["Next"], up["Next"]) == ("Report", "RetireGateway")
