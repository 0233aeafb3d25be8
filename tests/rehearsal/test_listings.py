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


def test_what_a_change_did_is_told_by_kind_but_for_the_kinds_that_it_may_touch() -> None:
    before = {"ec2 Instances": {"i-1": "a", "i-2": "b"}, "ec2 Addresses": {"eip-1": "i-1"}, "stacks": {"one": "old"}}
    after = {"ec2 Instances": {"i-2": "b", "i-3": "a"}, "ec2 Addresses": {"eip-1": "i-3"}, "stacks": {"one": "new"}}
    assert listings.changed(before, after, without=("stacks",)) == {
        "ec2 Instances": ("-i-1", "+i-3"),
        "ec2 Addresses": ("~eip-1",),
    }
    assert listings.changed(before, before, without=()) == {}


ENI = '{"NetworkInterfaceId": "eni-1", "TagSet": [{"Key": "Name", "Value": "causeway-two"}]}'
TABLE = '{"Routes": [{"DestinationCidrBlock": "10.1.0.0/16", "NetworkInterfaceId": "eni-1"}, {"GatewayId": "local"}]}'
LISTING = {
    "ec2 NetworkInterfaces": {"eni-1": ENI, "eni-2": '{"TagSet": []}'},
    "ec2 RouteTables": {"rtb-1": TABLE},
    "iam Roles": {"causeway-two-azure": "{}", "causeway-one-azure": "{}"},
}


def test_what_a_link_made_is_told_by_name_and_tag() -> None:
    assert listings.of_link(LISTING, "causeway-two") == {
        ("ec2 NetworkInterfaces", "eni-1"),
        ("iam Roles", "causeway-two-azure"),
    }


def test_without_a_link_its_routes_are_gone_from_tables_that_stay() -> None:
    assert listings.without_link(LISTING, "causeway-two") == {
        "ec2 NetworkInterfaces": {"eni-2": '{"TagSet": []}'},
        "ec2 RouteTables": {"rtb-1": '{"Routes": [{"GatewayId": "local"}]}'},
        "iam Roles": {"causeway-one-azure": "{}"},
    }
