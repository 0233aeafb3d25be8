"""The last good observation of Azure, by which the AWS side heals while Azure's side is silent. Pure."""

from datetime import datetime, timedelta

from link.facts import AzureFacts, ConnectionStatus
from link.record import Record
from link.wanted import AzureRef

# How old the kept time may become while the same is seen at each look.
CONFIRMED_EACH = timedelta(hours=1)


class Known(Record):
    """What was seen of Azure at `at` (aware, UTC). `ref` is the digest of where was looked.

    Bytes and the connection's status are left out: they say nothing of another moment.
    """

    azure: AzureFacts
    at: datetime
    ref: str


def of(azure: AzureFacts, ref: AzureRef, at: datetime, kept: Known | None = None) -> Known | None:
    """The observation to keep; None for one that lacks the gateway's address or a declared network.

    What it lacks is taken from `kept`, of the same place: a walk works by what it has seen, and while Azure is silent
    the next one must not go back to what was seen before.
    """
    azure = completed(azure, kept)
    if not azure.peers and kept is not None:
        azure = azure.model_copy(update={"gateway": kept.azure.gateway})
    lacks = azure.unseen_networks or len(azure.virtual_networks) < len(ref.virtual_networks)
    if not azure.peers or lacks:
        return None
    timeless = {"status": ConnectionStatus.UNKNOWN, "ingress_bytes": 0, "egress_bytes": 0}
    connection = azure.connection.model_copy(update=timeless) if azure.connection else None
    unread = {"connection": connection, "psk_unread": None}
    return Known(azure=azure.model_copy(update=unread), at=at, ref=ref.digest())


def is_due(kept: Known | None, new: Known) -> bool:
    """Whether the new observation has to be written."""
    if kept is None or (kept.azure, kept.ref) != (new.azure, new.ref):
        return True
    return new.at - kept.at >= CONFIRMED_EACH


def usable(kept: Known | None, ref: AzureRef) -> Known | None:
    """The kept observation, where it is of the same place in Azure."""
    return kept if kept is not None and kept.ref == ref.digest() else None


def completed(azure: AzureFacts, kept: Known | None) -> AzureFacts:
    """The observation with the declared networks that are missing in it as they were seen last.

    Preflight still reports each as VirtualNetworkMissing. Its routes stay meanwhile.
    """
    if kept is None:
        return azure
    seen = {one.id.lower() for one in azure.virtual_networks}
    lost = [one for one in kept.azure.virtual_networks if one.id.lower() not in seen]
    return azure.model_copy(update={"virtual_networks": (*azure.virtual_networks, *lost)})
