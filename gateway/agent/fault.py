"""What the agent says when it cannot do its work: one CamelCase word for programs, one sentence for people."""


class Fault(Exception):
    """`reason` is part of the contract with the controller. `message` never holds a secret."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
