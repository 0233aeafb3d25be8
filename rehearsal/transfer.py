"""`python -m rehearsal.transfer receive ADDRESS PORT | send ADDRESS PORT BYTES`: a TCP transfer.

Either end prints the SHA-256 of what passed and how many bytes it was. The bytes are random: nothing compresses them.
"""

import hashlib
import random
import socket
import sys

CHUNK = 64 * 1024
TIMEOUT_S = 240


def receive(address: str, port: int) -> tuple[str, int]:
    """Accepts one connection and reads it to its end."""
    digest, total = hashlib.sha256(), 0
    with socket.create_server((address, port)) as server:
        server.settimeout(TIMEOUT_S)
        print("listening", flush=True)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIMEOUT_S)
            while chunk := connection.recv(CHUNK):
                digest.update(chunk)
                total += len(chunk)
    return digest.hexdigest(), total


def send(address: str, port: int, size: int) -> tuple[str, int]:
    """Sends this many bytes."""
    digest, source, left = hashlib.sha256(), random.Random(size), size
    with socket.create_connection((address, port), timeout=TIMEOUT_S) as connection:
        while left:
            chunk = source.randbytes(min(CHUNK, left))
            digest.update(chunk)
            connection.sendall(chunk)
            left -= len(chunk)
    return digest.hexdigest(), size


if __name__ == "__main__":
    direction, host, number, *rest = sys.argv[1:]
    print(*(receive(host, int(number)) if direction == "receive" else send(host, int(number), int(rest[0]))))
