"""A child that ended, as something to wait for beside descriptors: a signal may come at any moment, and only that it came is kept."""

import os
import signal
from typing import List


class Wakeup:
    """A pipe that can be read when a child has ended, or another signal has come that Python handles."""

    def __init__(self) -> None:
        self.fd, self._writer = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def descriptors(self) -> List[int]:
        """Descriptors that a fork must close."""
        return [self.fd, self._writer]

    def clear(self) -> None:
        """Wait for the next one; to be called before looking at which children have ended."""
        try:
            while len(os.read(self.fd, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass
