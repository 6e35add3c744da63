# equivalence: {"params": {"who": "nobody"}}
"""A flow of one step."""

from metaflow import FlowSpec, Parameter, step


class SingleStepFlow(FlowSpec):
    who = Parameter("who", default="me")

    @step
    def only(self):
        self.answer = "it was " + self.who
        print(self.answer)


if __name__ == "__main__":
    SingleStepFlow()
