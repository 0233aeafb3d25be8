"""The bases of every value that crosses a border (context, event, HTTP, queue, table): frozen, compared by content."""

import hashlib

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A value object that another version or another process may have written: what it does not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def digest(self) -> str:
        """Sixteen hex digits that change when any field changes."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Declared(Record):
    """A value that a person writes: an unknown field is a mistake, and refused."""

    model_config = ConfigDict(extra="forbid")
