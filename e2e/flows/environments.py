"""`@environment` of one step does not leak into the next; what Metaflow tells a task of itself."""

import os

from metaflow import FlowSpec, current, environment, step


class EnvironmentsFlow(FlowSpec):
    @environment(vars={"E2E_COLOUR": "red", "E2E_SIZE": "12"})
    @step
    def start(self):
        self.first = [os.environ.get("E2E_COLOUR"), os.environ.get("E2E_SIZE")]
        self.unbuffered = os.environ.get("PYTHONUNBUFFERED")
        self.next(self.middle)

    @environment(vars={"E2E_COLOUR": "green", "PYTHONHASHSEED": "7"})
    @step
    def middle(self):
        self.second = [os.environ.get("E2E_COLOUR"), os.environ.get("E2E_SIZE")]
        self.hashed = hash("the seed decides")
        self.next(self.end)

    @step
    def end(self):
        self.third = [os.environ.get("E2E_COLOUR"), os.environ.get("E2E_SIZE")]
        self.flow = (current.flow_name, current.namespace, current.username)
        self.run_matches = os.environ.get("METAFLOW_RUN_ID", current.run_id) == current.run_id
        print(self.first, self.second, self.third)


if __name__ == "__main__":
    EnvironmentsFlow()
