"""Who may become a link's role in AWS: the Function's identity, by the tenant's one provider, and nobody else."""

from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

import app as cdk_app
from link.spec import LinkSpec
from stacks.tenant_stack import TenantStack
from tests import worlds
from tests.stacks import machines

OTHER_TENANT = "22222222-2222-3333-4444-555555555555"
ADOPTED = f"arn:aws:iam::000000000000:oidc-provider/sts.windows.net/{worlds.GUID}/"


def _trust(spec: LinkSpec) -> Any:
    roles = machines.synthesise(spec).find_resources("AWS::IAM::Role")
    (role,) = [one for one in roles.values() if one["Properties"].get("RoleName") == "causeway-prod-azure"]
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return statement


def test_the_links_role_is_for_the_functions_identity_alone() -> None:
    issuer = f"sts.windows.net/{worlds.GUID}/"
    provider = ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, f":oidc-provider/{issuer}"]
    assert _trust(worlds.spec()) == {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": {"Fn::Join": ["", provider]}},
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": f"api://{worlds.GUID}/causeway",
                f"{issuer}:sub": worlds.IDENTITY,
            }
        },
    }


def test_a_provider_that_is_adopted_is_named_as_it_is_declared() -> None:
    assert _trust(worlds.spec(**{"azure.identity_provider": ADOPTED}))["Principal"] == {"Federated": ADOPTED}


def test_the_tenants_stack_has_one_provider_for_all_audiences_and_nothing_else() -> None:
    links = (worlds.spec(), worlds.spec(name="second"), worlds.spec(**{"azure.token_audience": "api://other"}))
    resources = Template.from_stack(TenantStack(App(), links)).to_json()["Resources"].values()
    (found,) = [one for one in resources if one["Type"] != "AWS::CDK::Metadata"]
    assert (found["Type"], found["Properties"]) == (
        "AWS::IAM::OIDCProvider",
        {
            "Url": f"https://sts.windows.net/{worlds.GUID}/",
            "ClientIdList": [f"api://{worlds.GUID}/causeway", "api://other"],
        },
    )


def _stacks(*links: LinkSpec) -> dict[str, tuple[set[str], str]]:
    """What the app makes of links: by the name of a stack, those that are made before it, and its region."""
    made = App()
    cdk_app.declare(made, links, (), None, machines._ASSET)
    return {
        one.stack_name: ({before.id for before in one.dependencies}, one.environment.region)
        for one in made.synth().stacks
    }


def test_each_tenant_has_its_stack_before_its_links_and_where_the_first_is() -> None:
    found = _stacks(
        worlds.spec(name="a"),
        worlds.spec(name="b", **{"azure.identity_provider": ADOPTED}),
        worlds.spec(name="c", **{"azure.tenant": OTHER_TENANT, "aws.region": "eu-central-1"}),
        worlds.spec(name="d", **{"aws.region": "eu-central-1"}),
    )
    own, other = f"CausewayTenant-{worlds.GUID}", f"CausewayTenant-{OTHER_TENANT}"
    assert {name: region for name, (_, region) in found.items() if name.startswith("CausewayT")} == {
        own: "eu-west-1",
        other: "eu-central-1",
    }
    needed = {name: needs & {own, other} for name, (needs, _) in found.items() if name.startswith("causeway-")}
    assert needed == {"causeway-a": {own}, "causeway-b": set(), "causeway-c": {other}, "causeway-d": {own}}


def test_a_tenant_whose_provider_is_adopted_has_no_stack() -> None:
    found = _stacks(worlds.spec(**{"azure.identity_provider": ADOPTED}))
    assert set(found) == {"causeway-prod", "CausewayWatch-eu-west-1"}
