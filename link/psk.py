"""What both ends accept as a pre-shared key. Never repeats any part of one. Pure."""

LONGEST = 128


def fault(psk: str) -> str | None:
    """What is wrong with the key, as the end of a sentence about it; None when both ends take it.

    Azure takes 1 to 128 printable ASCII characters without space, hyphen and tilde (Azure VPN Gateway FAQ). Libreswan
    has no way to write a double quote or a newline in a quoted secret (ipsec.secrets(5)).
    """
    if not 1 <= len(psk) <= LONGEST:
        return f"has {len(psk)} characters, and Azure takes 1 to {LONGEST}"
    if any(char in " -~" or not (char.isascii() and char.isprintable()) for char in psk):
        return "holds a space, a hyphen, a tilde or something that is not printable ASCII, which Azure forbids"
    if '"' in psk:
        return "holds a double quote, which Libreswan cannot read in a secret"
    return None
