"""Sockets that live in a network namespace while the process stays in the root one, and a TCP relay made of them."""

import asyncio
import concurrent.futures
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

CHUNK = 64 * 1024
CONNECT_SECONDS = 10


def in_namespace[T](namespace: str, work: Callable[[], T]) -> T:
    """Run `work` inside the namespace; setns(2) moves only the calling thread, so it gets one of its own."""

    def enter_and_work() -> T:
        handle = os.open(Path("/run/netns") / namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(handle, os.CLONE_NEWNET)
        finally:
            os.close(handle)
        return work()

    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(enter_and_work).result()


def listen_in(namespace: str, address: str, port: int) -> socket.socket:
    """A listening socket inside the namespace: a socket stays in the namespace it was made in."""

    def listen() -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(128)
        return listener

    return in_namespace(namespace, listen)


class Relay:
    """Carries each connection made to `listener` to a port of the root namespace, until closed."""

    def __init__(self, listener: socket.socket, target_port: int) -> None:
        self._listener = listener
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"relay to {target_port}")
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._listener.setblocking(False)
        self._loop.run_until_complete(asyncio.start_server(self._carry, sock=self._listener))
        self._loop.run_forever()

    async def _carry(self, near: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        try:
            connecting = asyncio.open_connection("127.0.0.1", self._target_port)
            far, far_writer = await asyncio.wait_for(connecting, CONNECT_SECONDS)
        except OSError:
            near_writer.close()
            return
        await asyncio.gather(_copy(near, far_writer), _copy(far, near_writer))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while block := await source.read(CHUNK):
            target.write(block)
            await target.drain()
    except OSError:
        pass  # either end may vanish at any moment: a VM is killed, the emulator restarts
    finally:
        target.close()


def relay(namespace: str, address: str, port: int, target_port: int) -> Relay:
    """Relay `address:port` of the namespace to 127.0.0.1:target_port; the address must be on an interface there."""
    return Relay(listen_in(namespace, address, port), target_port)
