"""`python -m rehearsal.arm`: Azure Resource Manager, the managed identity end point, and the issuers' key sets.

Environment: IDENTITY_HEADER (what callers of the identity end point must send), TENANT and FUNCTION_IDENTITY (whose
tokens it gives), ARM_LRO_SECONDS (default 2). Everything is in memory; places.ARM_STATE holds what others read:
peers.json, operations.jsonl.
"""

import os
import shutil

from rehearsal import arm_identity, arm_peers, issuers, places
from rehearsal.arm_server import ResourceManager
from rehearsal.arm_store import Store
from rehearsal.json_server import Server


def main() -> None:
    """Serves until it is ended."""
    state = places.ARM_STATE
    shutil.rmtree(state, ignore_errors=True)  # status.json of an earlier run would say Connected
    state.mkdir(parents=True)
    seconds = float(os.environ.get("ARM_LRO_SECONDS", "2"))
    store = Store(seconds, state / "operations.jsonl", lambda changed: arm_peers.write(changed, state / "peers.json"))
    tenant = os.environ["TENANT"]
    issuer = arm_identity.issuer(tenant)
    issuer.publish(places.ISSUERS / f"{tenant}.json")
    identity = arm_identity.Identity(os.environ["IDENTITY_HEADER"], issuer, os.environ["FUNCTION_IDENTITY"])
    Server(places.ISSUERS_PORT, issuers.answer, places.TLS).run()
    Server(places.IDENTITY_PORT, identity.answer).run()
    manager = ResourceManager(store, identity, state / "status.json")
    Server(places.ARM_PORT, manager.answer, places.TLS).serve_forever()


if __name__ == "__main__":
    main()
