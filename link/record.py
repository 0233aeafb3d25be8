"""The base of every value that crosses a border (context, event, HTTP, queue): frozen, unknown fields refused."""

import hashlib

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A value object: compared by content, never changed, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def digest(self) -> str:
        """Sixteen hex digits that change when any field changes."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
