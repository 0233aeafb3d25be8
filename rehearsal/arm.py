"""`python -m rehearsal.arm`: Azure Resource Manager and the managed identity end point of a rehearsal.

Environment: IDENTITY_HEADER (what callers of the identity end point must send), ARM_LRO_SECONDS (default 2).
Everything is in memory; places.ARM_STATE holds what others read: peers.json, operations.jsonl.
"""

import os
import shutil

from rehearsal import arm_peers, places
from rehearsal.arm_identity import Identity
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
    identity = Identity(os.environ["IDENTITY_HEADER"])
    Server(places.IDENTITY_PORT, identity.answer).run()
    manager = ResourceManager(store, identity, state / "status.json")
    Server(places.ARM_PORT, manager.answer, places.TLS).serve_forever()


if __name__ == "__main__":
    main()
