"""`plan` looks with the declared link; what stands in the way is said in place of what would not be done."""

import io
import urllib.error
from email.message import Message

import boto3
import pytest

from lambdas.clouds import aws, table
from lambdas.handlers import adjust_routes, attach_elastic_ip, launch_gateway
from link.errors import FunctionUnreachable
from tests import worlds
from tests.causeway.conftest import ME, Command, Says, Stack
from tests.lambdas.conftest import World
from tests.lambdas.test_walk import Context

STATES = ("LaunchGateway", "AttachElasticIp", "AdjustRoutes", "ConnectAzure")


def _walk() -> None:
    found = {"azure": worlds.azure().model_dump(mode="json"), "established": False, "serving": None}
    walk = {"link": "prod", "wanted": "up", "found": found}
    for state in (launch_gateway, attach_elastic_ip, adjust_routes):
        state.handler({"walk": walk, "execution": "walk-1"}, Context())


def test_before_the_first_deployment_the_whole_walk_is_shown(
    world: World, stack: Stack, azure_says: Says, command: Command
) -> None:
    status, text = command("plan", world.settings.spec)
    assert status == 0
    assert sorted(STATES, key=text.index) == list(STATES)
    assert "the new Elastic IP is not on the new gateway" in text
    assert "The stack causeway-prod is made first; cdk diff shows it." in text


def test_of_a_deployed_link_what_differs_from_the_declared_one_is_shown(
    deployed: World, azure_says: Says, command: Command
) -> None:
    _walk()
    spec = deployed.settings.spec
    _, text = command("plan", spec)
    assert "LaunchGateway" not in text
    assert "The declared link is the deployed one" in text
    _, text = command("plan", spec.model_copy(update={"probe": worlds.spec(**{"probe.address": "10.0.1.10"}).probe}))
    assert "Configuration" in text
    assert "The declared link is the deployed one" not in text


def test_of_a_link_that_was_verified_a_refusal_is_shown_beside_the_rest_of_the_plan(
    deployed: World, azure_says: Says, command: Command
) -> None:
    spec = deployed.settings.spec
    table.establish("link", spec.aws.vpc, spec.digest())
    for gateway, connection in ((worlds.vpn_gateway(sku="Basic"), None), (None, worlds.connection(ours=False))):
        azure_says(worlds.azure(gateway=gateway, connection=connection))
        status, text = command("plan", spec)
        assert (status, "LaunchGateway" in text) == (0, True)
        assert "a refusal holds back its own step only" in text


def test_a_refusal_is_shown_in_place_of_what_would_not_be_done(
    world: World, stack: Stack, azure_says: Says, command: Command
) -> None:
    azure_says(worlds.azure(gateway=worlds.vpn_gateway(sku="Basic")))
    status, text = command("plan", world.settings.spec)
    assert status == 1
    assert "GatewaySkuBasic: vpn-gateway has SKU Basic" in text
    assert "LaunchGateway" not in text


def test_a_function_that_does_not_answer_leaves_the_aws_side_to_be_shown(
    world: World, stack: Stack, azure_says: Says, command: Command
) -> None:
    azure_says(FunctionUnreachable("https://causeway.azurewebsites.net did not answer: timed out"))
    status, text = command("plan", world.settings.spec)
    assert status == 1
    assert "Nothing is known of Azure: https://causeway.azurewebsites.net did not answer: timed out" in text
    assert "LaunchGateway" in text
    assert "CreateRoute" not in text


def test_a_function_that_does_not_know_the_person_says_who_is_to_be_let_in(
    world: World, stack: Stack, azure_says: Says, command: Command
) -> None:
    body = io.BytesIO(b'{"error": "unauthorized"}')
    azure_says(urllib.error.HTTPError("https://causeway.azurewebsites.net", 401, "", Message(), body))
    _, text = command("plan", world.settings.spec)
    assert "Nothing is known of Azure: https://causeway.azurewebsites.net/ answered 401: unauthorized" in text
    assert f"Remedy: it does not let {ME} look: azd env set CALLERS_READERS" in text


def test_destroying_is_shown_with_what_would_be_left_alone(deployed: World, azure_says: Says, command: Command) -> None:
    _walk()
    vpc = deployed.settings.spec.aws.vpc
    peering = boto3.client("ec2").create_vpc_peering_connection(VpcId=vpc, PeerVpcId=vpc)
    boto3.client("ec2").replace_route(
        RouteTableId=deployed.private_table,
        DestinationCidrBlock=str(worlds.AZURE_PREFIX),
        VpcPeeringConnectionId=peering["VpcPeeringConnection"]["VpcPeeringConnectionId"],
    )
    status, text = command("plan", deployed.settings.spec, more=("--down",))
    assert status == 0
    assert "RouteNotOurs" in text
    assert "TerminateGateway" in text


@pytest.mark.parametrize("more", [(), ("--down",)])
def test_a_dry_run_changes_nothing(deployed: World, azure_says: Says, command: Command, more: tuple[str, ...]) -> None:
    _walk()
    before = aws.look(deployed.settings)
    command("plan", deployed.settings.spec, more=more)
    assert aws.look(deployed.settings) == before


def test_a_link_that_is_not_declared_is_refused_with_the_names_of_those_that_are(command: Command) -> None:
    status, text = command("plan", worlds.spec(name="other"))
    assert status == 1
    assert text.endswith("declares no link 'prod'; it declares other")


def test_without_credentials_one_line_says_so(
    world: World, stack: Stack, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    status, text = command("plan", world.settings.spec)
    assert (status, text) == (1, "asking who you are: Unable to locate credentials")
