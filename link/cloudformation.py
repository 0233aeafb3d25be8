"""The answer of a custom resource to CloudFormation, which refuses one of more than 4,096 bytes as a whole. Pure."""

import json
from collections.abc import Mapping, Sequence

from link import text

# "Response object is too long" (aws-cdk issue 17137). The body counts whole and encoded, identifiers included.
LIMIT = 4096
SEPARATOR = ". "
CAUSE = 1000  # bytes of the first sentence, when others do not leave it more


def body(identifiers: Mapping[str, str], failure: Sequence[str], data: Mapping[str, str], where: str) -> bytes:
    """The encoded answer. `failure` has the sentences of a failure, and none for a success.

    `where` says where the whole text is, and stands at the end of whatever had to be shortened. Identifiers are never
    shortened, since CloudFormation compares them. CloudFormation ignores the data of a failure.
    """
    hint = f"... [more: {where}]"
    empty = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": "",
        **identifiers,
        "Data": dict.fromkeys(data if not failure else (), ""),
    }
    room = LIMIT - len(json.dumps(empty))
    if failure:
        return json.dumps({**empty, "Reason": _reason([_plain(one) for one in failure], room, hint)}).encode()
    plain = {name: _plain(value) for name, value in data.items()}
    return json.dumps({**empty, "Data": _shared(plain, room, hint)}).encode()


def _plain(given: str) -> str:
    """Without lone surrogates, which no UTF-8 has."""
    return given.encode(errors="replace").decode()


def _reason(sentences: Sequence[str], room: int, hint: str) -> str:
    """As many whole sentences as fit, the last one always: half a command would be worse than none.

    The first one alone is cut; the last one says how to end the stack.
    """
    whole = SEPARATOR.join(sentences)
    if text.encoded_length(whole) <= room or len(sentences) == 1:
        return text.cut(whole, room, hint)
    first, *between, last = sentences
    end = f" {hint} {last}"
    left = room - text.encoded_length(end)
    if left < room // 2:  # a last sentence that leaves no place for the cause
        return text.cut(whole, room, hint)
    kept = [text.cut(first, max(min(CAUSE, left), left - text.encoded_length(SEPARATOR.join(["", *between]))))]
    left -= text.encoded_length(kept[0])
    for one in between:
        left -= text.encoded_length(SEPARATOR + one)
        if left < 0:
            break
        kept.append(one)
    return SEPARATOR.join(kept) + end


def _shared(values: Mapping[str, str], room: int, hint: str) -> dict[str, str]:
    """Each value gets an equal share of the room; what a short one leaves goes to the longer ones."""
    kept = dict(values)
    ascending = sorted(values, key=lambda name: text.encoded_length(values[name]))
    for done, name in enumerate(ascending):
        kept[name] = text.cut(values[name], max(room, 0) // (len(ascending) - done), hint)
        room -= text.encoded_length(kept[name])
    return kept
