"""The AWS half of preflight. Pure."""

from collections.abc import Iterator

from link import choose, preflight_gateway
from link.facts import AwsFacts, Facts
from link.finding import Check, Finding, refused, unknown, warned
from link.spec import LinkSpec
from link.survey import SecurityGroup, Survey

_NAMED = 5  # a longer list says no more to a person


def tokens_disabled() -> Finding:
    """The account lets no role ask for the tokens by which the Function knows its callers. Found by the first look."""
    message = (
        "this account issues no web identity tokens, by which the Azure Function knows who asks; "
        "enable them once: aws iam enable-outbound-web-identity-federation"
    )
    return refused("TokensDisabled", message)


def _public_subnet(spec: LinkSpec, facts: AwsFacts) -> Iterator[Finding]:
    named, public = spec.aws.gateway_subnet, choose.public_subnets(facts)
    if facts.internet_gateway is None:
        yield refused("NoInternetGateway", f"{spec.aws.vpc} has no internet gateway; attach one")
    elif named and named not in {subnet.id for subnet in facts.subnets}:
        yield refused("NoPublicSubnet", f"{named} is not a subnet of {spec.aws.vpc}; correct aws.gateway_subnet")
    elif named and named not in public:
        message = f"{named} has no route 0.0.0.0/0 to the internet gateway; add it or name another subnet"
        yield refused("NoPublicSubnet", message)
    elif not public:
        message = f"{spec.aws.vpc} has no subnet with a route 0.0.0.0/0 to its internet gateway; make one public"
        yield refused("NoPublicSubnet", message)


def _route_tables(spec: LinkSpec, facts: AwsFacts) -> Iterator[Finding]:
    known = {table.id for table in facts.route_tables}
    for table in spec.aws.route_tables or ():
        if table not in known:
            yield refused("NoRouteTable", f"{table} is not a route table of {spec.aws.vpc}; correct aws.route_tables")
    if not choose.private_tables(spec, facts):
        message = (
            f"{spec.aws.vpc} has no route table that serves a private subnet; associate one or name aws.route_tables"
        )
        yield refused("NoRouteTable", message)


def _served(spec: LinkSpec, facts: AwsFacts) -> Iterator[str]:
    """Subnets from which Azure is reached: those that the written tables serve, by name or as the main table."""
    explicit = {subnet for table in facts.route_tables for subnet in table.subnets}
    for table in choose.private_tables(spec, facts):
        yield from table.subnets
        if table.main:
            yield from (subnet.id for subnet in facts.subnets if subnet.id not in explicit)


def _workloads(spec: LinkSpec, facts: Facts, survey: Survey) -> Iterator[Finding]:
    if survey.security_groups is None or survey.workloads is None:
        why = survey.unread.get("security_groups") or survey.unread.get("workloads")
        yield unknown("the workloads' security groups", why)
        return
    admitting = {group.id for group in survey.security_groups if _admits(group, facts)}
    served = set(_served(spec, facts.aws))
    # An interface admits what any of its groups admits.
    closed = sorted(
        {
            group
            for workload in survey.workloads
            if workload.subnet in served and admitting.isdisjoint(workload.groups)
            for group in workload.groups
        }
    )
    if closed:
        more = f" and {len(closed) - _NAMED} more" if len(closed) > _NAMED else ""
        prefixes = ", ".join(map(str, facts.azure.prefixes))
        message = f"nothing from {prefixes} is admitted by {', '.join(closed[:_NAMED])}{more}; add rules where needed"
        yield warned("WorkloadGroupsClosed", message)


def _admits(group: SecurityGroup, facts: Facts) -> bool:
    return group.opaque or any(one.overlaps(prefix) for one in group.admits for prefix in facts.azure.prefixes)


def _permissions(survey: Survey) -> Iterator[Finding]:
    if survey.permissions is None:
        yield unknown("the permissions of the acting roles", survey.unread.get("permissions"))
    for permission in survey.permissions or ():
        if permission.allowed is None:
            yield unknown(f"the permission {permission.action}", permission.said)
        elif not permission.allowed:
            message = (
                f"{permission.action} is denied: {permission.said}; lift what denies it (a permissions boundary, "
                "a service control policy, or a changed role)"
            )
            yield refused("MissingPermission", message)


def alone(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> tuple[Check, ...]:
    """What was found in the VPC and the account and can be judged while nothing is known of Azure."""
    return (
        Check.of("public subnet for the gateway", _public_subnet(spec, facts)),
        Check.of("private route tables", _route_tables(spec, facts)),
        *preflight_gateway.alone(spec, facts, survey),
    )


def checks(spec: LinkSpec, facts: Facts, survey: Survey) -> tuple[Check, ...]:
    """What was found in the VPC and the account. Permissions are a check of the walk's: nobody else has its roles."""
    asked = survey.permissions is not None or "permissions" in survey.unread
    return (
        *alone(spec, facts.aws, survey),
        preflight_gateway.network_acl(spec, facts, survey),
        *([Check.of("permissions", _permissions(survey))] if asked else []),
        Check.of("workload security groups", _workloads(spec, facts, survey)),
    )
