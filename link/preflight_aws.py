"""The AWS half of preflight. Pure."""

from collections.abc import Iterator

from link import choose, preflight_gateway
from link.facts import AwsFacts, Facts
from link.finding import Check, Finding, refused, unknown, warned
from link.ranges import carried
from link.spec import LinkSpec
from link.survey import SecurityGroup, Survey

ROUTES_QUOTA = "L-93826ACB"  # Service Quotas' code of "Routes per route table", service vpc
_NAMED = 5  # a longer list says no more to a person


def tokens_disabled() -> Finding:
    """The account lets no role ask for the tokens by which the Function knows its callers. Found by the first look."""
    message = "this account issues no web identity tokens, by which the Azure Function knows who asks"
    remedy = "enable them once: aws iam enable-outbound-web-identity-federation"
    return refused("TokensDisabled", message, remedy)


def _public_subnet(spec: LinkSpec, facts: AwsFacts) -> Iterator[Finding]:
    named, public = spec.aws.gateway_subnet, {subnet.id for subnet in choose.public_subnets(spec, facts)}
    if facts.internet_gateway is None:
        yield refused("NoInternetGateway", f"{spec.aws.vpc} has no internet gateway", "attach one", spec.aws.vpc)
    elif named and named not in {subnet.id for subnet in facts.subnets}:
        message = f"{named} is not a subnet of {spec.aws.vpc}"
        yield refused("NoPublicSubnet", message, "correct aws.gateway_subnet", named)
    elif named and named not in public:
        message = f"{named} has no route 0.0.0.0/0 to the internet gateway, or is in a Local Zone"
        yield refused("NoPublicSubnet", message, "add the route or name another subnet", named)
    elif not public:
        message = f"{spec.aws.vpc} has no subnet in an availability zone with a route 0.0.0.0/0 to its internet gateway"
        yield refused("NoPublicSubnet", message, "make one public", spec.aws.vpc)


def _route_tables(spec: LinkSpec, facts: AwsFacts) -> Iterator[Finding]:
    known = {table.id for table in facts.route_tables}
    for table in spec.aws.route_tables or ():
        if table not in known:
            message = f"{table} is not a route table of {spec.aws.vpc}"
            yield refused("NoRouteTable", message, "correct aws.route_tables", table)
    if not choose.private_tables(spec, facts):
        message = f"{spec.aws.vpc} has no route table that serves a private subnet"
        yield refused("NoRouteTable", message, "associate one or name aws.route_tables", spec.aws.vpc)


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
        message = f"nothing from {prefixes} is admitted by {', '.join(closed[:_NAMED])}{more}"
        yield warned("WorkloadGroupsClosed", message, "add rules where needed")


def _admits(group: SecurityGroup, facts: Facts) -> bool:
    return group.opaque or any(one.overlaps(prefix) for one in group.admits for prefix in facts.azure.prefixes)


def _permissions(survey: Survey) -> Iterator[Finding]:
    if survey.permissions is None:
        yield unknown("the permissions of the acting roles", survey.unread.get("permissions"))
    for permission in survey.permissions or ():
        if permission.allowed is None:
            yield unknown(f"the permission {permission.action}", permission.said)
        elif not permission.allowed:
            message = f"{permission.action} is denied: {permission.said}"
            remedy = "lift what denies it (a permissions boundary, a service control policy, or a changed role)"
            yield refused("MissingPermission", message, remedy, permission.action)


def route_limits(spec: LinkSpec, facts: Facts, survey: Survey) -> Iterator[Finding]:
    """Tables without room for the routes that they lack.

    Local routes are counted: AWS's page on quotas excludes propagated routes only.
    """
    if survey.routes_per_table is None:
        yield unknown("the quota of routes per route table", survey.unread.get("routes_per_table"))
        return
    limit = survey.routes_per_table
    for table in choose.private_tables(spec, facts.aws):
        used = len(table.routes)
        lacking = [one for one in carried(facts).prefixes if choose.route_to(table, one) is None]
        if lacking and used + len(lacking) > limit:
            message = f"{table.id} has {used} of {limit} routes and needs {len(lacking)} more"
            remedy = f"raise quota {ROUTES_QUOTA} in Service Quotas for {spec.aws.region} or remove routes"
            yield refused("RouteLimit", message, remedy, table.id)


def alone(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> tuple[Check, ...]:
    """What was found in the VPC and the account and can be judged while nothing is known of Azure."""
    return (*networks(spec, facts), *preflight_gateway.alone(spec, facts, survey))


def networks(spec: LinkSpec, facts: AwsFacts) -> tuple[Check, ...]:
    """What the gateway and the routes stand on in the VPC."""
    return (
        Check.of("public subnet for the gateway", _public_subnet(spec, facts)),
        Check.of("private route tables", _route_tables(spec, facts)),
    )


def checks(spec: LinkSpec, facts: Facts, survey: Survey) -> tuple[Check, ...]:
    """What was found in the VPC and the account. Permissions are a check of the walk's: nobody else has its roles."""
    asked = survey.permissions is not None or "permissions" in survey.unread
    return (
        *alone(spec, facts.aws, survey),
        preflight_gateway.network_acl(spec, facts, survey),
        *([Check.of("permissions", _permissions(survey))] if asked else []),
        Check.of("workload security groups", _workloads(spec, facts, survey)),
        Check.of("room for routes", route_limits(spec, facts, survey)),
    )
