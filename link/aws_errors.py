"""Every error code of AWS's that Causeway knows, by what it means to a caller. Pure."""

BUSY = frozenset(
    [
        # Throttling codes differ from service to service (botocore's list in retries/standard.py, EC2's error table).
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "Unavailable",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        # A token may not outlive the session that asks for it; the next session of the same role is younger.
        "SessionDurationEscalationException",
        # EC2 may not find for a while what it has just made, and asks to try again ("Eventual consistency" in its API
        # reference). What is gone for good is in no later plan.
        "InvalidInstanceID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
    ]
)
"""Trying again later is right."""

ROLE_NOT_YET = frozenset(
    [
        "AccessDenied",
        "InvalidIdentityToken",
        "IDPCommunicationError",
        "ExpiredToken",
        "ExpiredTokenException",
    ]
)
"""STS's answers while a role is new: a role, a provider or a trust is not known everywhere at once (IAM user guide,
"Changes that I make are not always immediately visible"), and STS may not have reached Entra for its keys."""

TASK_OVER = frozenset(["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"])
"""No state waits for this task token: the task was answered, timed out, or its execution is gone."""

EXECUTION_GONE = frozenset(["ExecutionDoesNotExist"])
"""Step Functions has forgotten the execution, or has never known it."""

CONDITION_FAILED = frozenset(["ConditionalCheckFailedException"])
"""DynamoDB did not write, because another writer was first."""

NO_ROOM = frozenset(["InsufficientInstanceCapacity", "Unsupported", "InsufficientFreeAddressesInSubnet"])
"""The zone, or its subnet, has no room for the instance. Another zone may have."""

DENIED = frozenset(["UnauthorizedOperation"])
"""EC2 denies the action. A Describe call knows no resources, so it is denied for all of them."""

INSTANCE_GONE = frozenset(["InvalidInstanceID.NotFound"])
"""To a caller that ends an instance: it has ended."""

ASSOCIATION_GONE = frozenset(["InvalidAssociationID.NotFound"])
"""The Elastic IP is not at that interface any more."""

ROUTE_GONE = frozenset(["InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"])
"""The route is not there, or not even its table."""

ROUTE_EXISTS = frozenset(["RouteAlreadyExists"])
"""The table has a route to that destination, whatever its target."""

RULE_EXISTS = frozenset(["InvalidPermission.Duplicate"])
"""The security group has that rule."""

RULE_GONE = frozenset(["InvalidPermission.NotFound"])
"""The security group does not have that rule."""

IMAGE_MISSING = frozenset(
    ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed", "ParameterNotFound"]
)
"""There is no such image, or no such parameter of Systems Manager."""

PARAMETER_MISSING = frozenset(["ParameterNotFound"])
"""There is no such parameter of Systems Manager."""

IDENTITY_MISSING = frozenset(["NotFoundException"])
"""SES does not know the address or domain."""

CONSOLE_NOT_LATEST = frozenset(["UnsupportedOperation", "InvalidParameterCombination"])
"""EC2 has no present console output of this instance type, only the buffer (GetConsoleOutput, `Latest`)."""

TOKENS_DISABLED = frozenset(
    ["OutboundWebIdentityFederationDisabledException", "OutboundWebIdentityFederationDisabled", "FeatureDisabled"]
)
"""The account issues no web identity tokens. STS's code in its reference, as it is sent, and IAM's."""

STACK_MISSING = frozenset(["ValidationError"])
"""CloudFormation's answer for a stack that does not exist, and for other mistakes: its message tells them apart."""

FUNCTION_MISSING = frozenset(["ResourceNotFoundException"])
"""Lambda has no such function."""

DRY_RUN_ALLOWED = frozenset(["DryRunOperation"])
"""EC2 would have done it."""

DRY_RUN_DENIED = frozenset(["UnauthorizedOperation"])
"""EC2 would have refused it for want of a permission."""


def dry_run_allowed(code: str) -> bool | None:
    """Whether EC2 would have done what it was asked to try. None: its answer is about another thing."""
    return True if code in DRY_RUN_ALLOWED else False if code in DRY_RUN_DENIED else None


def is_busy(code: str, status: int) -> bool:
    """Whether the same call may succeed later. `status` is HTTP's, 0 when there is none."""
    return code in BUSY or status >= 500
