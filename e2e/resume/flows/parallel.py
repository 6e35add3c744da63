# resume: {"steps": ["work", "join"]}
"""`num_parallel`: the step after its join fails."""
import os

from metaflow import FlowSpec, current, parallel, step


class ResumeParallelFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=3)

    @parallel
    @step
    def work(self):
        self.node = current.parallel.node_index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = sorted(each.node for each in inputs)
        self.next(self.after)

    @step
    def after(self):
        if os.path.exists("broken"):
            raise ValueError("after")
        self.next(self.end)

    @step
    def end(self):
        print(self.nodes)


if __name__ == "__main__":
    ResumeParallelFlow()
