# equivalence: {"words": {"metaflow": ["--level=HIGH", "--some=3", "--some=-4", "--pair=1", "-2", "--flag", "--off", "--small=7", "--loud", "--loud", "--thousand=1_000", "--huge=123456789012345678901234567890", "--signed=-0.0", "--endless=-inf", "--nothing=nan", "--tree={\"x\": 1.0, \"10\": [NaN, 12345678901234567890], \"2\": 1e2}", "--leaf=true", "--dashes=--not an option", "--empty=", "--lines=a\nb\t=c 😀", "--Upper-Case_mix=u", "--yes=Y", "--no=0", "--größe=XL"], "mft": ["level=HIGH", "some=3", "some=-4", "pair=[1, -2]", "flag=yes", "off=no", "small=7", "loud=2", "thousand=1_000", "huge=123456789012345678901234567890", "signed=-0.0", "endless=-inf", "nothing=nan", "tree={\"x\": 1.0, \"10\": [NaN, 12345678901234567890], \"2\": 1e2}", "leaf=true", "dashes=--not an option", "empty=", "lines=a\nb\t=c 😀", "Upper-Case_mix=u", "yes=Y", "no=0", "größe=XL"]}}
"""What click makes of parameters that are neither text nor small numbers, and deploy-time functions of each type."""

from metaflow import FlowSpec, JSONType, Parameter, step
from metaflow._vendor import click


def described(context):
    """What Metaflow tells a deploy-time function."""
    return "|".join([context.flow_name, context.user_name, context.parameter_name, context.ds_type, str(callable(context.logger))])


class ParameterKindsFlow(FlowSpec):
    level = Parameter("level", type=click.Choice(["low", "high"], case_sensitive=False), default="low")
    colour = Parameter("colour", type=click.Choice(["red", "green"]), default="green")
    some = Parameter("some", type=int, multiple=True, default=())
    none_of_them = Parameter("none-of-them", type=str, multiple=True, default=())
    pair = Parameter("pair", type=int, nargs=2, default=(0, 0))
    flag = Parameter("flag", is_flag=True, default=False)
    off = Parameter("off", is_flag=True, default=True)
    left = Parameter("left", is_flag=True, default=False)
    small = Parameter("small", type=click.IntRange(1, 10), default=5)
    loud = Parameter("loud", count=True, type=int, default=0)
    thousand = Parameter("thousand", type=int)
    huge = Parameter("huge", type=int)
    signed = Parameter("signed", type=float)
    endless = Parameter("endless", type=float)
    nothing = Parameter("nothing", type=float)
    not_a_number = Parameter("not-a-number", default=float("nan"))
    tree = Parameter("tree", type=JSONType)
    leaf = Parameter("leaf", type=JSONType)
    dashes = Parameter("dashes")
    empty = Parameter("empty", default="not empty")
    lines = Parameter("lines")
    mixed = Parameter("Upper-Case_mix")
    yes = Parameter("yes", type=bool)
    no = Parameter("no", default=True)
    size = Parameter("größe", default="M")
    unset = Parameter("unset", type=int)
    listed = Parameter("listed", separator=";", default="")
    required = Parameter("required", default="has a default", required=True)
    late = Parameter("late", default=described)
    late_int = Parameter("late_int", type=int, default=lambda context: 2**70)
    late_float = Parameter("late_float", type=float, default=lambda context: float("inf"))
    late_bool = Parameter("late_bool", type=bool, default=lambda context: False)
    late_json = Parameter("late_json", type=JSONType, default=lambda context: '{"a": 1.0, "b": [NaN, null]}')

    @step
    def start(self):
        names = sorted(name for name, _ in self._get_parameters())
        self.seen = ["%s = %r" % (name, getattr(self, name)) for name in names]
        for line in self.seen:
            print(line.encode("unicode_escape").decode())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ParameterKindsFlow()
