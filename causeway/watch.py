"""Asks the region's watch: for a look now, for a pause, for the end of one. It acts by itself; this only asks."""

import json
from collections.abc import Iterator
from typing import Any

import boto3

from causeway import deployed
from lambdas.clouds.errors import translated
from link import region
from link.errors import CloudRefused
from link.spec import LinkSpec


def ask(link: LinkSpec, wish: dict[str, Any]) -> list[str]:
    """What became of it, a line each. `wish` adds a pause (`minutes`, `why`) or its end (`resume`) to the look.

    Raises CloudRefused when the watch is not deployed, failed, or does not know the link.
    """
    deployed.enter(link.aws.region)
    payload = json.dumps({"link": link.name, **wish}).encode()
    with translated(f"asking the watch of {link.aws.region}"):
        answer = boto3.client("lambda").invoke(FunctionName=region.WATCH, Payload=payload)
        said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):  # left out when there is none
        raise CloudRefused(f"the watch failed: {said.get('errorType')}: {said.get('errorMessage')}")
    if not said:
        raise CloudRefused(f"the watch of {link.aws.region} knows no link {link.name}: it has never been up")
    return list(_lines(said))


def _lines(said: list[dict[str, Any]]) -> Iterator[str]:
    for one in said:
        yield f"{one['link']}: {one['reason']}: {one['because']}"
        yield f"  {one['action']}: {one['why']}" + (f"; walk {one['walk']}" if one["walk"] else "")
