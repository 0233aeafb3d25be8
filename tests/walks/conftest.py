"""Both clouds round the real state machine, with somebody else's things in them."""

import urllib.request

import boto3
import pytest
from moto.core.responses import ActionResult
from moto.ec2.models.route_tables import Route
from moto.ec2.responses.instances import InstanceResponse

from lambdas.clouds import dry_run, function, walks, watching
from tests.lambdas.conftest import World, no_cloud, refusing, world
from tests.refusing_aws import Refusing
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner

__all__ = ["no_cloud", "refusing", "world"]


def _state(route: Route) -> str:
    """As in EC2, a route to an interface that is gone is a black hole. moto calls every route active."""
    gone = route.interface is not None and route.interface.id not in route.interface.ec2_backend.enis
    return "blackhole" if gone else "active"


_run_instances = InstanceResponse.run_instances


def _once(asked: InstanceResponse) -> ActionResult:
    """As in EC2, a launch with a client token that was used is the same launch. moto launches again."""
    token = asked._get_param("ClientToken")
    for earlier in asked.ec2_backend.reservations.values():
        if token and earlier.instances[0].client_token == token:
            return ActionResult(earlier)
    return _run_instances(asked)


@pytest.fixture
def clouds(world: World, refusing: Refusing, monkeypatch: pytest.MonkeyPatch) -> Clouds:
    """Before the link."""
    made = Clouds(world.settings, refusing)
    monkeypatch.setattr(Route, "state", property(_state))
    monkeypatch.setattr(InstanceResponse, "run_instances", _once)
    monkeypatch.setattr(function, "_post", made.post)
    monkeypatch.setattr(dry_run, "ask", lambda spec, trial: ())  # moto makes the routes of a dry run
    monkeypatch.setattr(walks, "_stepfunctions", lambda: made.stepfunctions)
    monkeypatch.setattr(watching, "ask", lambda link, trigger: made.wishes.append((link, trigger)))
    monkeypatch.setattr(urllib.request, "urlopen", made.cloudformation)
    ec2 = boto3.client("ec2")
    image = world.settings.spec.aws.image or ""
    foreign = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=world.public_subnet)["Instances"][0]
    ec2.create_route(
        RouteTableId=world.private_table,
        DestinationCidrBlock="172.16.0.0/12",
        NetworkInterfaceId=foreign["NetworkInterfaces"][0]["NetworkInterfaceId"],
    )
    return made


@pytest.fixture
def established(clouds: Clouds) -> Clouds:
    """A link that is up."""
    assert Runner(clouds, "walk-0").run(runner.document()).status == "SUCCEEDED"
    clouds.answered.clear()
    return clouds
