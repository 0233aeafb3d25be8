"""What all links of a region share, by name: made by one stack, known to every link's functions and permissions."""

# No link's stack or resource can have such a name: theirs begin with "causeway-".
WATCH = "CausewayWatch"
LINKS = "CausewayLinks"
ALERTS = "CausewayAlerts"
COSTS = "CausewayCosts"
# The item of LINKS that remembers what was alerted of links that could not be looked at. No link can have this name.
HEALING = "Healing"


def stack(region: str) -> str:
    """The name of the region's stack, which is also its name within the CDK app."""
    return f"{WATCH}-{region}"


def costs(region: str) -> str:
    """The name of the stack that mails what the links cost; also of its function's role."""
    return f"{COSTS}-{region}"
