# resume: {"steps": ["start"]}
"""`num_parallel`: one of the nodes fails, so that none of them is taken over."""
import os

from metaflow import FlowSpec, current, parallel, step


class ResumeParallelFailsFlow(FlowSpec):
    @step
    def start(self):
        self.ready = True
        self.next(self.work, num_parallel=2)

    @parallel
    @step
    def work(self):
        self.node = current.parallel.node_index
        if self.node == 1 and os.path.exists("broken"):
            raise ValueError("node 1")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = sorted(each.node for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.nodes)


if __name__ == "__main__":
    ResumeParallelFailsFlow()
