"""One look at the Azure side of a link. Changes nothing."""

import hmac
import logging
import secrets

from azure_functions.edges import ArmEdge, AwsEdge
from link import errors
from link.facts import AzureFacts
from link.wanted import AzureRef

logger = logging.getLogger(__name__)


def find_facts(arm: ArmEdge, aws: AwsEdge, ref: AzureRef) -> AzureFacts:
    """What stands there now. A resource that could not be read raises; the key alone may stay unknown."""
    networks = {name: arm.find_virtual_network(ref, name) for name in ref.virtual_networks}
    connection = arm.find_connection(ref)
    if connection is not None and connection.ours:
        connection = connection.model_copy(update={"key_matches": _key_matches(arm, aws, ref)})
    return AzureFacts(
        gateway=arm.find_gateway(ref),
        virtual_networks=tuple(network for network in networks.values() if network is not None),
        missing_networks=tuple(name for name, network in networks.items() if network is None),
        local_network_gateway=arm.find_local_network_gateway(ref),
        connection=connection,
    )


def _key_matches(arm: ArmEdge, aws: AwsEdge, ref: AzureRef) -> bool | None:
    """Compares keyed digests, so that neither the time it takes nor a stray log line tells anything of a key."""
    try:
        found, wanted = arm.read_shared_key(ref), aws.read_psk(ref.psk_secret)
    except (errors.CloudBusy, errors.CloudRefused) as exc:
        logger.warning("shared key not compared", extra={"link": ref.link, "why": str(exc)})
        return None
    once = secrets.token_bytes(32)
    return hmac.compare_digest(*(hmac.digest(once, key.encode(), "sha256") for key in (found, wanted)))
