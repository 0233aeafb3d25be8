"""What the rehearsal of several links finds wrong in listings of both clouds."""

import pytest

from rehearsal import listings, several

BEFORE = {"ec2 Vpcs": {"vpc-1": "{}"}}
NOW = {
    "ec2 Vpcs": {"vpc-1": "{}"},
    "iam Roles": {"causeway-one-azure": "{}", "causeway-two-azure": "{}", "causeway-three-azure": "{}"},
    "cloudformation StackSummaries": {"causeway-wrong": "{}", "CausewayCosts-eu-west-1": "{}"},
    "cloudwatch MetricAlarms": {"CausewayCosts-Fails": "{}"},
}


def _with(kind: str, name: str, text: str) -> listings.Listing:
    return {**NOW, kind: {**NOW.get(kind, {}), name: text}}


def test_links_that_share_nothing_and_leave_the_rest_alone_are_right() -> None:
    assert several._apart(BEFORE, NOW) == []


@pytest.mark.parametrize(
    ("kind", "name", "text", "said"),
    [
        (
            "ec2 Volumes",
            "vol-1",
            '{"Tags": ["causeway-one", "causeway-two"]}',
            "is of causeway-one and of causeway-two",
        ),
        ("ec2 Volumes", "vol-1", "{}", "vol-1 is left over"),
        ("ec2 Vpcs", "vpc-1", '{"changed": true}', "vpc-1 was {}"),
        ("iam Roles", "causeway-wrong-azure", "{}", "iam Roles causeway-wrong-azure"),
    ],
)
def test_a_shared_a_nameless_a_changed_and_a_left_resource_are_found(
    kind: str, name: str, text: str, said: str
) -> None:
    (fault,) = several._apart(BEFORE, _with(kind, name, text))
    assert said in fault
