# equivalence: {"params": {"way": "late"}}
"""As switch_merge.py, entering the long way at its middle."""

from metaflow import FlowSpec, Parameter, step


class SwitchLateFlow(FlowSpec):
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
    SwitchLateFlow()
