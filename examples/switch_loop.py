"""A step that repeats itself until it is good enough, and a switch that then chooses the way on.

Computes a square root by Newton's method: each round is a task, so each estimate can be read afterwards.
"""

from metaflow import FlowSpec, Parameter, step


class SwitchLoopFlow(FlowSpec):
    """A switch that goes back to its own step, then one that chooses a branch."""

    number = Parameter("number", help="Whose square root to find.", type=float, default=2.0)
    rounds = Parameter("rounds", help="Give up after so many rounds.", type=int, default=10)

    @step
    def start(self):
        self.estimate = self.number
        self.round = 0
        self.next(self.improve)

    @step
    def improve(self):
        """Goes to itself while `state` says "again"."""
        self.round += 1
        self.estimate = (self.estimate + self.number / self.estimate) / 2
        self.error = abs(self.estimate**2 - self.number)
        print("round %d: %.12f" % (self.round, self.estimate))
        self.state = "done" if self.error < 1e-12 or self.round >= self.rounds else "again"
        self.next({"again": self.improve, "done": self.judge}, condition="state")

    @step
    def judge(self):
        self.verdict = "good" if self.error < 1e-9 else "poor"
        self.next({"good": self.accept, "poor": self.warn}, condition="verdict")

    @step
    def accept(self):
        self.answer = round(self.estimate, 9)
        self.next(self.end)

    @step
    def warn(self):
        print("did not converge")
        self.answer = None
        self.next(self.end)

    @step
    def end(self):
        print("answer after %d rounds: %s" % (self.round, self.answer))


if __name__ == "__main__":
    SwitchLoopFlow()
