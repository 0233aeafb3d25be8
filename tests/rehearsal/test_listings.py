"""What differs between two listings is said by name."""

from rehearsal import listings


def test_left_over_gone_and_changed_resources_are_named() -> None:
    before = {"ec2 Vpcs": {"vpc-1": "a", "vpc-2": "b"}}
    after = {"ec2 Vpcs": {"vpc-1": "changed", "vpc-3": "c"}, "iam Roles": {"left": "d"}}
    said = listings.differences(before, after)
    assert sorted(line.split(" was ")[0] for line in said) == [
        "ec2 Vpcs: vpc-1",
        "ec2 Vpcs: vpc-2 is gone",
        "ec2 Vpcs: vpc-3 is left over",
        "iam Roles: left is left over",
    ]


def test_equal_listings_say_nothing() -> None:
    assert listings.differences({"kind": {"one": "a"}}, {"kind": {"one": "a"}, "other kind": {}}) == []
