# equivalence: {"params": {"text": "a b=c, ü \"q\"", "whole": -3, "real": 1.5e-3, "yes": true, "tree": {"a": [1, {"b": null}]}, "with-dash": "d", "several": "x,y"}}
"""A parameter of each kind, and defaults of each kind."""

from metaflow import FlowSpec, JSONType, Parameter, step


def late_default(context):
    return "made for " + context.flow_name


class ParametersFlow(FlowSpec):
    text = Parameter("text", required=True)
    whole = Parameter("whole", type=int, default=0)
    real = Parameter("real", type=float, default=0.0)
    yes = Parameter("yes", type=bool, default=False)
    tree = Parameter("tree", type=JSONType, default="{}")
    dashed = Parameter("with-dash", default="none")
    several = Parameter("several", separator=",", default="p,q")
    d_text = Parameter("d_text", default="kept")
    d_whole = Parameter("d_whole", default=42)
    d_real = Parameter("d_real", default=2.5)
    d_bool = Parameter("d_bool", default=True)
    d_tree = Parameter("d_tree", type=JSONType, default='{"k": [1, 2]}')
    d_none = Parameter("d_none", type=str)
    d_late = Parameter("d_late", default=late_default)

    @step
    def start(self):
        self.seen = [
            repr(value)
            for value in (
                self.text, self.whole, self.real, self.yes, self.tree, self.dashed, self.several,
                self.d_text, self.d_whole, self.d_real, self.d_bool, self.d_tree, self.d_none, self.d_late,
            )
        ]
        for line in self.seen:
            print(line)
        self.next(self.end)

    @step
    def end(self):
        assert self.text.startswith("a b")


if __name__ == "__main__":
    ParametersFlow()
