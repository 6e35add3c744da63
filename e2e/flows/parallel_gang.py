# equivalence: {"options": ["--with", "retry:minutes_between_retries=0"]}
import os

from metaflow import FlowSpec, current, parallel, retry, step


class ParallelFlow(FlowSpec):
    """A gang of three, twice side by side in a foreach, whose mapper fails once."""

    @step
    def start(self):
        self.rounds = [10, 20]
        self.next(self.divide, foreach="rounds")

    @step
    def divide(self):
        self.base = self.input
        self.next(self.train, num_parallel=3)

    @retry(times=2, minutes_between_retries=0)
    @parallel
    @step
    def train(self):
        par = current.parallel
        if par.node_index == 1 and current.retry_count == 0:
            raise ValueError("node 1 fails at first")
        self.node = (self.base, par.node_index, par.num_nodes, par.main_ip, current.is_parallel)
        self.control = par.control_task_id == current.task_id or current.task_id.startswith(par.control_task_id + "_node_")
        self.at = (self.index, current.retry_count, os.environ["MF_PARALLEL_NUM_NODES"])
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.nodes = [each.node for each in inputs]
        self.controls = [each.control for each in inputs]
        self.ats = [each.at for each in inputs]
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.everything = sorted((each.nodes, each.controls, each.ats) for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.everything)


if __name__ == "__main__":
    ParallelFlow()
