# equivalence: {"fails": true}
"""A process that leaves without an exception."""

import os

from metaflow import FlowSpec, step


class FailsExitFlow(FlowSpec):
    @step
    def start(self):
        print("leaving", flush=True)
        os._exit(3)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsExitFlow()
