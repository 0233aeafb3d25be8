"""No tool here compiles Bicep; its grammar, its references, and what it shares with the code can be checked."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from azure.core.pipeline.transport import RequestsTransport

from azure_functions import arm, look, package, settings, work_queue
from link import azure_plan
from tests.azure_functions import bicep, fakes
from tests.azure_functions.conftest import Cloud

INFRA = package.ROOT / "azure_functions" / "infra"
MAIN = bicep.File(INFRA / "main.bicep")
NETWORK = bicep.File(INFRA / "network.bicep")
FILES = pytest.mark.parametrize("file", [MAIN, NETWORK], ids=lambda file: file.path.name)
PROJECT = yaml.safe_load((package.ROOT / "azure.yaml").read_text())
SERVICE = PROJECT["services"]["function"]

# Read by the Functions host alone: "App settings reference" and "Connecting to host storage with an identity".
HOSTS = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
}
# Another cloud's ARM, and the connection string in whose place the queue's address stands.
OPTIONAL = {"ARM_ENDPOINT", "AzureWebJobsStorage"}

# What no call of ours shows. Azure's "About roles and permissions for VPN" wants sharedKey/action for a pre-shared key,
# and write on the VPN gateway to which a written connection is linked (MicrosoftDocs/azure-docs pull request 128731).
IMPLIED = {"connections/sharedkey/action", "virtualnetworkgateways/write"}


@FILES
def test_the_grammar_holds(file: bicep.File) -> None:
    assert file.faults == []


@FILES
def test_every_name_that_is_used_is_declared_and_the_other_way_round(file: bicep.File) -> None:
    declared = {name for kind in ("parameter", "variable", "resource", "module") for name in file.declared[kind]}
    assert file.referred <= declared
    values = {name for kind in ("parameter", "variable") for name in file.declared[kind]}
    assert values - file.referred == set()


def test_a_module_is_given_what_it_asks_for() -> None:
    for name, module in MAIN.declared["module"].items():
        asked = bicep.File(INFRA / module.of).declared["parameter"]
        assert bicep.pairs(MAIN.object_of(name)["params"]).keys() == asked.keys()


def test_azd_gives_every_parameter_that_has_no_other_value() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = MAIN.declared["parameter"]
    needed = {name for name, parameter in declared.items() if parameter.value is None}
    assert needed <= given.keys() <= declared.keys()


class Asked(Mapping[str, str]):
    """An environment that remembers which names were looked up."""

    def __init__(self, given: dict[str, str]) -> None:
        self._given, self.names = given, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def test_the_app_starts_with_the_settings_that_it_is_given_and_reads_each_of_them() -> None:
    given = bicep.pairs(MAIN.object_of("settings")["properties"]).keys()
    samples = {"CALLERS_ACCOUNT": "000000000000", "CALLERS_READERS": "", "AWS_TOKEN_AUDIENCE": "api://tenant/causeway"}
    asked = Asked({name: samples.get(name, "https://example.org") for name in given})
    settings.read(asked)
    assert asked.names - given <= OPTIONAL
    assert given - asked.names == HOSTS


def test_no_key_stands_in_a_setting_and_none_opens_the_storage() -> None:
    for file in (MAIN, NETWORK):
        assert not re.search(r"\blist[A-Z]\w*\(|AccountKey|SharedAccess", file.path.read_text())
    refused = bicep.at(MAIN.object_of("storage")["properties"], "allowSharedKeyAccess")
    assert bicep.text(refused) == "false"
    assert bicep.text(bicep.at(MAIN.object_of("insights")["properties"], "DisableLocalAuth")) == "true"


def test_each_role_is_given_on_one_resource_and_not_on_the_group() -> None:
    given = [n for n, made in MAIN.declared["resource"].items() if "/roleAssignments@" in made.of]
    scopes = {name: bicep.text(MAIN.object_of(name)["scope"]) for name in given}
    assert scopes == {"blobOwner": "storage", "queueContributors": "queues[i]", "metricsPublisher": "insights"}


def test_the_queues_are_the_apps_and_the_hosts_for_what_cannot_be_read() -> None:
    value = MAIN.declared["variable"]["queueNames"].value
    assert value is not None
    assert bicep.strings(value) == [work_queue.NAME, f"{work_queue.NAME}-poison"]


def test_azure_runs_the_python_that_the_bytecode_is_for() -> None:
    version = bicep.text(bicep.at(MAIN.object_of("app")["properties"], "functionAppConfig", "runtime", "version"))
    required = tomllib.loads((package.ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required.startswith(f">={version},")
    assert f"--python-version {version} " in (package.ROOT / "tools" / "build-azure").read_text()


def test_azd_finds_the_infrastructure_the_package_and_the_app() -> None:
    assert (package.ROOT / PROJECT["infra"]["path"] / f"{PROJECT['infra']['module']}.bicep").is_file()
    folder = (package.ROOT / SERVICE["project"] / SERVICE["dist"]).resolve()
    assert f"package={folder.relative_to(package.ROOT)}\n" in (package.ROOT / "tools" / "build-azure").read_text()
    assert SERVICE["remoteBuild"] is False
    built = SERVICE["hooks"]["prepackage"]["run"].split()
    assert built == ["make", "-C", "..", "azure-package"]
    tagged = [bicep.text(n) for n in bicep.walk(MAIN.object_of("app")["tags"]) if n.type == "string"]
    assert tagged == ["azd-service-name", "function"] and "function" in PROJECT["services"]


def test_the_documented_permissions_let_a_person_deploy_every_resource() -> None:
    page = (package.ROOT / "docs" / "real-deployment.md").read_text()
    roles = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if '"Actions"' in block]
    (actions,) = (role["Actions"] for role in roles)
    made = [one.of.split("@")[0] for file in (MAIN, NETWORK) for one in file.declared["resource"].values()]
    assert [one for one in made if not any(fnmatch(f"{one}/write", action) for action in actions)] == []
    beside = ("Microsoft.Resources/",)
    assert [
        a for a in actions if not a.startswith(beside) and not any(fnmatch(f"{one}/write", a) for one in made)
    ] == []


def _calls() -> dict[str, Callable[[arm.Arm], object]]:
    """One call of each function that speaks to Resource Manager, in an order in which all of them succeed."""
    ref = fakes.REF
    planned = azure_plan.steps(ref, fakes.WANTED, look.find_facts(fakes.FakeArm(), fakes.FakeAws(), ref))
    local, connection, _ = (step.action for step in planned)
    assert isinstance(local, azure_plan.PutLocalNetworkGateway) and isinstance(connection, azure_plan.PutConnection)
    return {
        "find_gateway": lambda client: client.find_gateway(ref),
        "find_virtual_network": lambda client: client.find_virtual_network(ref, "workloads"),
        "put_local_network_gateway": lambda client: client.put_local_network_gateway(ref, local),
        "find_local_network_gateway": lambda client: client.find_local_network_gateway(ref),
        "put_connection": lambda client: client.put_connection(ref, connection),
        "find_connection": lambda client: client.find_connection(ref),
        "set_shared_key": lambda client: client.set_shared_key(ref, fakes.PSK),
        "read_shared_key": lambda client: client.read_shared_key(ref),
        "reset_connection": lambda client: client.reset_connection(ref),
        "delete_connection": lambda client: client.delete_connection(ref),
        "delete_local_network_gateway": lambda client: client.delete_local_network_gateway(ref),
    }


def _action(method: str, url: str) -> str:
    """The action that Azure wants for a call: of each type and name in the path, the types. A POST ends in its verb."""
    _, provider, *rest = urlsplit(url).path.partition("/providers/Microsoft.Network/")
    assert provider, url
    verb = {"GET": "read", "PUT": "write", "DELETE": "delete", "POST": "action"}[method]
    return "/".join([*rest[0].split("/")[::2], verb]).lower()


def test_the_role_allows_the_calls_of_the_function_and_what_they_imply_and_no_more(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: set[str] = set()
    send = RequestsTransport.send

    def record(self: RequestsTransport, request: Any, **kwargs: Any) -> Any:
        if "/providers/" in request.url:
            made.add(_action(request.method, request.url))
        return send(self, request, **kwargs)

    monkeypatch.setattr(RequestsTransport, "send", record)
    calls = _calls()
    for call in calls.values():
        call(cloud.arm)
        cloud.settle()
    # An operation's status is read at an address of the subscription, of which a role on a group cannot speak.
    spoken = {name for name in vars(arm.Arm) if not name.startswith("_")} - {"close", "read_operation_error"}
    assert calls.keys() == spoken
    (permission,) = (n for n in bicep.walk(NETWORK.object_of("role")["properties"]) if "actions" in bicep.pairs(n))
    allowed = [action.removeprefix("Microsoft.Network/") for action in bicep.strings(bicep.at(permission, "actions"))]
    assert allowed == sorted(allowed, key=str.lower) and {action.lower() for action in allowed} == made | IMPLIED
    assert not made & IMPLIED
