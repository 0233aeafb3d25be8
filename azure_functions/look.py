"""One look at the Azure side of a link. Changes nothing."""

import hmac
import logging
import secrets

from azure_functions.edges import ArmEdge, AwsEdge
from link import errors, psk
from link.facts import AzureFacts
from link.wanted import AzureRef

logger = logging.getLogger(__name__)


def find_facts(arm: ArmEdge, aws: AwsEdge, ref: AzureRef) -> AzureFacts:
    """What stands there now. A resource that could not be read raises; the key alone may stay unknown."""
    networks = {name: arm.find_virtual_network(ref, name) for name in ref.virtual_networks}
    connection = arm.find_connection(ref)
    wanted, unread = _read_psk(aws, ref)
    if connection is not None and connection.ours and wanted is not None:
        connection = connection.model_copy(update={"key_matches": _key_matches(arm, ref, wanted)})
    return AzureFacts(
        gateway=arm.find_gateway(ref),
        virtual_networks=tuple(network for network in networks.values() if network is not None),
        missing_networks=tuple(name for name, network in networks.items() if network is None),
        local_network_gateway=arm.find_local_network_gateway(ref),
        connection=connection,
        psk_fault=None if wanted is None else psk.fault(wanted),
        psk_unread=unread,
    )


def _read_psk(aws: AwsEdge, ref: AzureRef) -> tuple[str | None, str | None]:
    """The link's key, or why it could not be read."""
    try:
        return aws.read_psk(ref), None
    except (errors.CloudBusy, errors.CloudRefused) as exc:
        logger.warning("the link's key was not read", extra={"link": ref.link, "why": str(exc)})
        return None, str(exc)


def _key_matches(arm: ArmEdge, ref: AzureRef, wanted: str) -> bool | None:
    """Compares keyed digests, so that neither the time it takes nor a stray log line tells anything of a key."""
    try:
        found = arm.read_shared_key(ref)
    except errors.CloudRefused as exc:  # busy is not unknown: a turn would write the key anew
        logger.warning("shared key not compared", extra={"link": ref.link, "why": str(exc)})
        return None
    once = secrets.token_bytes(32)
    return hmac.compare_digest(*(hmac.digest(once, key.encode(), "sha256") for key in (found, wanted)))
