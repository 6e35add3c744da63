# resume: {"steps": ["start", "middle", "end"], "params": {"greeting": "hallo", "many": "[1, 2]"}, "tags": ["mine"]}
"""A chain with parameters; the step in the middle fails while the file `broken` is there."""
import os

from metaflow import FlowSpec, JSONType, Parameter, current, step

# Of a deployment with a remote datastore the steps run in the folder of the code package.
BROKEN = os.path.join(os.environ.get("MARKS", ""), "broken")


class ResumeLinearFlow(FlowSpec):
    greeting = Parameter("greeting", default="hello")
    many = Parameter("many", type=JSONType, default="[]")
    untold = Parameter("untold", type=int, default=7)

    @step
    def start(self):
        self.origin = current.origin_run_id
        self.text = self.greeting + "!"
        print("start of", self.text)
        self.next(self.middle)

    @step
    def middle(self):
        self.middle_origin = current.origin_run_id
        print("middle of", self.text)
        if os.path.exists(BROKEN):
            raise ValueError("not yet")
        self.total = sum(self.many) + self.untold
        self.next(self.end)

    @step
    def end(self):
        self.done = (self.text, self.total)


if __name__ == "__main__":
    ResumeLinearFlow()
