"""Every error class that Causeway raises. Step Functions matches the exact class name, so a name here is a contract."""

from link.condition import Condition


class CausewayError(Exception):
    """Never raised itself; lets a caller tell our errors from defects."""


class SpecInvalid(CausewayError):
    """cdk.json wants a link that cannot be: one line a fault, each naming the field and what would be right."""


class Refused(CausewayError):
    """Preflight found a reason not to begin. Nothing was changed. `condition` is the reason, where it is one."""

    def __init__(self, message: str = "", condition: Condition | None = None) -> None:
        super().__init__(message)
        self.condition = condition


class CloudBusy(CausewayError):
    """The cloud throttled, was unavailable or answered 5xx. Trying again later is right; `after_s` is its own wish."""

    def __init__(self, message: str = "", after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class CloudRefused(CausewayError):
    """The cloud said no for good: a permission, a limit, a wrong value. Its own words are kept."""


class StillInUse(CloudRefused):
    """What is to be removed is used by another resource. For a while that may be one that is gone."""


class PriceInvalid(CausewayError):
    """A price interface answered what cannot be a price; one line names what was asked and what is wrong."""


class FunctionUnreachable(CausewayError):
    """The Azure Function did not answer, or did not know us. Nothing is known of the Azure side."""


class BootFailed(CausewayError):
    """The gateway said that it could not become a gateway, and why."""


class BootSilent(CausewayError):
    """The gateway said nothing within the time; the end of its console output is the only witness."""


class InstanceGone(CausewayError):
    """The gateway's instance ended before it booted. EC2's own reason is kept."""


class AzureFailed(CausewayError):
    """Azure ended an operation of the link with a failure."""


class LinkNotVerified(CausewayError):
    """Everything is in place, yet the tunnel is not shown to carry traffic."""


class LinkBusy(CausewayError):
    """Another walk holds the link. It is waited for, longer and more often than a cloud is."""


class NoCapacity(CausewayError):
    """No zone that the link may use has room for its gateway now."""


class GatewayLingers(CausewayError):
    """An instance that was told to end is not terminated within the time."""


class MailFateUnknown(CausewayError):
    """A mail may have been sent or not: the answer of SES is missing. It is not sent again by itself."""


def condition(exc: CausewayError, subject: str = "") -> Condition:
    """The error as a condition of `subject`: its own, or the class and its message."""
    if isinstance(exc, Refused) and exc.condition is not None:
        return exc.condition
    return Condition(reason=type(exc).__name__, subject=subject, message=str(exc))


RETRYABLE: tuple[type[CausewayError], ...] = (CloudBusy, FunctionUnreachable)
