"""Taking a link down ends, whatever has become of it meanwhile, and says what it could not remove."""

import boto3
import pytest

from lambdas.clouds import aws, locks, table
from lambdas.handlers import deploy_link
from link.steps import State
from rehearsal import listings
from tests import worlds
from tests.lambdas.test_walk import Context
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner


@pytest.fixture
def before(clouds: Clouds) -> listings.Listing:
    """Both clouds before the link."""
    return clouds.listing()


@pytest.fixture
def link(before: listings.Listing, clouds: Clouds) -> Clouds:
    """A link that is up."""
    assert Runner(clouds, "walk-0").run(runner.document()).status == "SUCCEEDED"
    clouds.answered.clear()
    return clouds


def test_a_link_that_goes_leaves_both_clouds_as_before_it_came(before: listings.Listing, link: Clouds) -> None:
    assert listings.differences(before, link.listing()) != []
    assert Runner(link).run(runner.document("down")).status == "SUCCEEDED"
    assert listings.differences(before, link.listing()) == []


def test_with_azure_unreachable_the_aws_side_goes_and_the_rest_is_named(before: listings.Listing, link: Clouds) -> None:
    link.reachable = False
    ended = Runner(link).run(runner.document("down"))
    left = [line for line in listings.differences(before, link.listing()) if not line.startswith("azure")]
    assert (ended.status, ended.error, left) == ("FAILED", "FunctionUnreachable", [])
    ((reason, _),) = link.answered
    assert reason is not None
    for said in (
        "DisconnectAzure: https://causeway.azurewebsites.net did not answer",
        f"az network vpn-connection delete --subscription {worlds.GUID} -g network -n causeway-prod",
        f"az network local-gateway delete --subscription {worlds.GUID} -g network -n causeway-prod",
        "delete-stack --region eu-west-1 --stack-name causeway-prod --retain-resources Link",
    ):
        assert said in reason
    link.reachable = True
    assert Runner(link, "walk-2").run(runner.document("down")).status == "SUCCEEDED"
    assert listings.differences(before, link.listing()) == []


def test_a_gateway_that_is_gone_already_keeps_nothing_from_going(before: listings.Listing, link: Clouds) -> None:
    (gateway,) = aws.gateways(link.settings)
    boto3.client("ec2").terminate_instances(InstanceIds=[gateway.id])
    assert Runner(link).run(runner.document("down")).status == "SUCCEEDED"
    assert listings.differences(before, link.listing()) == []


def test_a_route_that_a_person_repointed_is_left_and_named(before: listings.Listing, link: Clouds) -> None:
    ((route_table, destination),) = table.own_routes("link")
    theirs = next(iter(before["ec2 NetworkInterfaces"]))
    boto3.client("ec2").replace_route(
        RouteTableId=route_table, DestinationCidrBlock=str(destination), NetworkInterfaceId=theirs
    )
    ended = Runner(link).run(runner.document("down"))
    assert ended.status == "SUCCEEDED"
    (differs,) = listings.differences(before, link.listing())
    assert differs.startswith(f"ec2 RouteTables: {route_table} was ")
    assert theirs in differs.split(", is ")[1]
    ((_, data),) = link.answered
    assert f"another team has pointed {destination} in {route_table} at {theirs}; it was left" in data["Message"]


def test_azure_resources_of_our_name_that_bear_other_tags_are_left_and_named(link: Clouds) -> None:
    assert link.arm.connection is not None
    link.arm.connection = link.arm.connection.model_copy(update={"ours": False})
    assert link.arm.local is not None
    link.arm.local = link.arm.local.model_copy(update={"ours": False})
    assert Runner(link).run(runner.document("down")).status == "SUCCEEDED"
    assert link.arm.connection is not None
    assert link.arm.local is not None
    ((_, data),) = link.answered
    assert f"{link.arm.connection.id} has our name and not this deployment's tags" in data["Message"]


def test_a_link_that_never_reached_azure_goes_without_azure(clouds: Clouds) -> None:
    clouds.reachable = False
    assert Runner(clouds, "walk-0").run(runner.document()).error == "FunctionUnreachable"
    assert Runner(clouds).run(runner.document("down")).status == "SUCCEEDED"


@pytest.mark.parametrize("until", [State.PREFLIGHT, State.ATTACH_ELASTIC_IP, State.CONNECT_AZURE, State.VERIFY])
def test_a_stack_that_is_deleted_while_a_walk_runs_stops_it_and_waits_for_its_last_function(
    before: listings.Listing, clouds: Clouds, monkeypatch: pytest.MonkeyPatch, until: State
) -> None:
    Runner(clouds, "walk-up").run(runner.document(), until=until)
    delete = {**runner.document()["answer"], "RequestType": "Delete", "RequestId": "walk-down"}
    deploy_link.handler(delete, Context())
    ((started, _),) = clouds.stepfunctions.started
    assert started == "walk-down"
    # Its last function may still be at work, so for now it is as if another walk had the link.
    too_early = Runner(clouds, "walk-down").run(runner.document("down"))
    assert (too_early.status, too_early.error) == ("FAILED", "LinkBusy")
    assert locks.holder("link") == "walk-up"
    clouds.stepfunctions.age("walk-up", 61)
    ended = Runner(clouds, "walk-down-2").run(runner.document("down"))
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert listings.differences(before, clouds.listing()) == []


def test_a_walk_that_runs_keeps_another_from_the_link(clouds: Clouds) -> None:
    Runner(clouds, "walk-1").run(runner.document(), until=State.CONNECT_AZURE)
    before = clouds.listing()
    second = Runner(clouds, "walk-2").run(runner.document())
    assert (second.error, second.way[-2:]) == ("LinkBusy", ["DidItGoWell", "Failed"])
    assert listings.differences(before, clouds.listing()) == []
    assert locks.holder("link") == "walk-1"
    assert "Item" not in boto3.client("dynamodb").get_item(TableName="link", Key={"id": {"S": "report"}})
