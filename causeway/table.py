"""A plain table for a terminal of 120 columns: cells wrap, nothing is cut off."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

_GAP = "  "


def lines(widths: Sequence[int], head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The head and every row, each over as many lines as its longest cell needs."""
    for row in (head, *rows):
        cells = [wrap(cell, width, break_on_hyphens=False) for cell, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield _GAP.join(padded).rstrip()
