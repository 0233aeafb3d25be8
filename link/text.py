"""Text of any content and length, made fit for its place: one printable line, or so many encoded bytes. Pure."""

import json
from typing import Annotated

from pydantic import AfterValidator

LINE = 300  # characters
ELLIPSIS = "…"


def one_line(text: str, limit: int = LINE) -> str:
    """One printable line of at most `limit` characters; whatever cannot be printed becomes a space."""
    # Bounded first: the text may be hundreds of kilobytes. Runs of spaces collapse, hence the margin.
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(printable.split())
    is_cut = len(line) > limit or len(text) > 4 * limit
    return f"{line[: limit - 1]}{ELLIPSIS}" if is_cut else line


Line = Annotated[str, AfterValidator(one_line)]


def encoded_length(text: str) -> int:
    """Bytes of the text as json.dumps writes it, without the quotation marks. Escapes count."""
    return len(json.dumps(text)) - 2


def cut(text: str, room: int, ending: str = "...") -> str:
    """The longest beginning that fits, with its ending, into `room` encoded bytes; empty when no ending fits."""
    if encoded_length(text) <= room:
        return text
    left = room - encoded_length(ending)
    if left < 0:
        return ""
    kept = 0
    for char in text:
        left -= encoded_length(char)
        if left < 0:
            break
        kept += 1
    return text[:kept] + ending
