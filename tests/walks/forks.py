"""Goes on in a child process from the middle of a test, so that what came before need not be done again.

The child shares nothing with its parent from then on. It says one text at its end, and never returns to pytest.
"""

import gc
import os
import signal
import warnings
from dataclasses import dataclass, field

SECONDS = 120  # a child that has not ended by then is ended, and has said nothing


@dataclass
class Forks:
    """`jobs` children run at once. `said` is what each said, by its name; nothing where it died."""

    jobs: int
    said: dict[str, str] = field(default_factory=dict)
    pipe: int | None = None
    _running: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def child(self) -> bool:
        """This is one."""
        return self.pipe is not None

    def fork(self, name: str) -> bool:
        """True in the child."""
        while len(self._running) >= self.jobs:
            self._wait()
        gc.freeze()  # or a child's first collection would copy every page of its parent
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads of pytest-xdist stay in the parent
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            gc.disable()
            signal.alarm(SECONDS)
            self.pipe = writing
            return True
        os.close(writing)
        self._running.append((pid, reading, name))
        return False

    def say(self, text: str) -> None:
        """The end of a child."""
        assert self.pipe is not None
        with os.fdopen(self.pipe, "w") as pipe:
            pipe.write(text)
        os._exit(0)

    def join(self) -> None:
        """Waits for all children."""
        while self._running:
            self._wait()

    def _wait(self) -> None:
        pid, reading, name = self._running.pop(0)
        with os.fdopen(reading) as pipe:
            self.said[name] = pipe.read()
        os.waitpid(pid, 0)
