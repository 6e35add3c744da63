# equivalence: {"params": {"way": "long"}}
"""Three ways of different lengths: one straight to where the others meet, one whose steps merge into another way."""

from metaflow import FlowSpec, Parameter, step


class SwitchMergeFlow(FlowSpec):
    way = Parameter("way", default="short")

    @step
    def start(self):
        self.log = ["start"]
        self.next({"short": self.meet, "long": self.long_a, "late": self.long_b}, condition="way")

    @step
    def long_a(self):
        self.log = self.log + ["long_a"]
        self.next(self.long_b)

    @step
    def long_b(self):
        self.log = self.log + ["long_b"]
        self.next(self.meet)

    @step
    def meet(self):
        self.log = self.log + ["meet"]
        self.more = "yes" if len(self.log) > 2 else "no"
        self.next({"yes": self.extra, "no": self.end}, condition="more")

    @step
    def extra(self):
        self.log = self.log + ["extra"]
        self.next(self.end)

    @step
    def end(self):
        print(" ".join(self.log))


if __name__ == "__main__":
    SwitchMergeFlow()
