"""What a person reads of a mail's HTML, and what its attachment holds."""

import csv
import io
import re
from collections import Counter
from html.parser import HTMLParser

# A number with what makes it one: "$1,014.34", "99.98%", "+12%", "2026-11-01" is three.
NUMBER = re.compile(r"\$?\d[\d,]*(?:\.\d+)?%?")


class Page(HTMLParser):
    """`said` is the text that is shown, `tags` how often each element occurs, `attributes` their names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self._title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._title = tag == "title"
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if not self._title:
            self.pieces.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._title = False

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.pieces).split())


def numbers(text: str) -> Counter[str]:
    """The numbers of a text, commas and full stops that end a sentence left off."""
    return Counter(found.rstrip(",") for found in NUMBER.findall(text))


def rows(attachment: bytes) -> list[dict[str, str]]:
    """The attachment as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(attachment.decode("utf-8-sig"), newline="")))
