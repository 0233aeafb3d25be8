"""`python -m rehearsal bench-heal`: how long healing takes, medians of five, and a bare boot to measure by."""

import base64
import json
import statistics
import time
from typing import Any

from rehearsal import clients, places, progress, traffic, world
from rehearsal.drills import alerts, catalogue, eyes, healing, run, scene
from rehearsal.drills.drill import BOUND_S, Healer
from rehearsal.drills.healing import Healing
from rehearsal.drills.scene import Scene

TIMES = 5
DRILLS = {Healer.AGENT: "ipsec-stopped", Healer.INSTANCE: "gateway-terminated", Healer.WATCH: "route-deleted"}
COLD = 1.25  # a gateway replaced, against a bare boot
KEPT = places.STATE / "bench-heal.json"
BARE = "bare boot"
BOOTS_WITHIN_S = 300.0


def measure(link: world.Link = world.REHEARSAL) -> list[str]:
    """Measures all, prints the medians, and answers with what did not heal. A bound that is missed fails nobody."""
    wrong: list[str] = []
    found: dict[str, list[float]] = {name: [] for name in (*DRILLS.values(), BARE)}
    with alerts.heard():
        for _ in range(TIMES):
            found[BARE].append(bare_boot(link))
            progress.say(f"{BARE} to tunnel up: {found[BARE][-1]:.1f} s")
            for [drill] in map(catalogue.named, DRILLS.values()):
                one = run.perform(drill, Healing.ON, link)
                progress.say(f"{drill.name}: {one.ended}, traffic after {one.traffic_s} s")
                found[drill.name] += [one.traffic_s] if one.traffic_s is not None else []
                wrong += [] if one.ended == "healed" else [f"{drill.name}: {one.ended}: {'; '.join(one.wrong)}"]
    KEPT.write_text(json.dumps(found, indent=2))
    print(table(found), flush=True)
    return wrong


def table(found: dict[str, list[float]]) -> str:
    """The medians with their bounds; a line each."""
    boot = statistics.median(found[BARE]) if found[BARE] else None
    lines = [f"  {BARE}: {_row(found[BARE])}"]
    for healer, name in DRILLS.items():
        bound = BOUND_S[healer] + ((boot or 0) if healer is Healer.INSTANCE else 0)
        lines.append(f"  {name}: {_row(found[name])}, bound {bound:.1f} s {_judged(found[name], bound)}")
    replaced = found[DRILLS[Healer.INSTANCE]]
    if boot and replaced:
        ratio = statistics.median(replaced) / boot
        lines.append(
            f"  replaced cold: {ratio:.2f} times a bare boot, bound {COLD} {'ok' if ratio <= COLD else 'OVER'}"
        )
    return "\n".join([f"seconds until traffic is restored, medians of {TIMES}", *lines])


def _row(values: list[float]) -> str:
    each = ", ".join(f"{one:.1f}" for one in values)
    return f"median {statistics.median(values):.1f} s of {each}" if values else "nothing measured"


def _judged(values: list[float], bound: float) -> str:
    return "-" if not values else "ok" if statistics.median(values) <= bound else "OVER"


def bare_boot(link: world.Link) -> float:
    """Seconds from RunInstances to the first answered ping, with nothing in between: no walk, all of AWS at once."""
    before = eyes.settle(link, run.WHOLE_WITHIN_S)
    request = _like(before.instance)
    with healing.only(Healing.PAUSED, before):
        clients.aws("ec2").terminate_instances(InstanceIds=[before.instance["InstanceId"]])
        with traffic.Meter(*link.directions[0], every_s=run.PING_EVERY_S) as meter:
            time.sleep(run.STEADY_S)  # what was under way is lost by now
            counted, began = meter.so_far().newest, time.time()
            _launch(before, request)
            while not (answered := _answered(meter.so_far().after(counted))):
                if time.time() > began + BOOTS_WITHIN_S:
                    raise eyes.NotWhole(f"no ping was answered within {BOOTS_WITHIN_S} s of a bare boot")
                time.sleep(run.PING_EVERY_S)
    return round(answered - began, 1)


def _answered(pings: traffic.Answers) -> float | None:
    moments = [at for number, at in pings.moments.items() if number > pings.before]
    return min(moments, default=None)


def _like(instance: dict[str, Any]) -> dict[str, Any]:
    """RunInstances of another like it."""
    ec2, id = clients.aws("ec2"), instance["InstanceId"]
    user_data = ec2.describe_instance_attribute(InstanceId=id, Attribute="userData")["UserData"]["Value"]
    interface = scene.interfaces(instance)[0]
    return {
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": instance["ImageId"],
        "InstanceType": instance["InstanceType"],
        "UserData": base64.b64decode(user_data),  # RunInstances encodes it again
        "IamInstanceProfile": {"Arn": instance["IamInstanceProfile"]["Arn"]},
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "SubnetId": instance["SubnetId"],
                "Groups": [group["GroupId"] for group in interface["Groups"]],
                "AssociatePublicIpAddress": True,
            }
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": instance["Tags"]}],
    }


def _launch(before: Scene, request: dict[str, Any]) -> None:
    ec2 = clients.aws("ec2")
    [made] = ec2.run_instances(**request)["Instances"]
    interface = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    ec2.associate_address(
        AllocationId=before.address["AllocationId"], NetworkInterfaceId=interface, AllowReassociation=True
    )
    for table in before.private_tables:
        ec2.replace_route(
            RouteTableId=table["RouteTableId"],
            DestinationCidrBlock=str(before.link.vnet.cidr),
            NetworkInterfaceId=interface,
        )
