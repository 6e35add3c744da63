"""A foreach inside a foreach: a small grid search, every cell a task of its own.

The outer foreach goes over models, the inner one over values of a setting; the inner join picks the best value of a
model, the outer one the best model.
"""

from metaflow import FlowSpec, step

# A curve for each model, highest somewhere in the middle.
PEAKS = {"linear": 2, "tree": 4, "forest": 3}


class GridSearchFlow(FlowSpec):
    """Nested foreach with a join for each level."""

    @step
    def start(self):
        self.models = sorted(PEAKS)
        self.next(self.each_model, foreach="models")

    @step
    def each_model(self):
        self.model = self.input
        self.depths = [1, 2, 3, 4]
        self.next(self.score, foreach="depths")

    @step
    def score(self):
        """`self.input` is the inner item; `self.model` was set one level up."""
        self.depth = self.input
        self.points = 10 - (self.depth - PEAKS[self.model]) ** 2 + len(self.model) / 10
        self.next(self.best_depth)

    @step
    def best_depth(self, inputs):
        best = max(inputs, key=lambda task: task.points)
        self.candidate = {"model": best.model, "depth": best.depth, "points": best.points}
        self.next(self.best_model)

    @step
    def best_model(self, inputs):
        self.candidates = [task.candidate for task in inputs]
        self.winner = max(self.candidates, key=lambda candidate: candidate["points"])
        self.next(self.end)

    @step
    def end(self):
        print("best: %(model)s at depth %(depth)d" % self.winner)


if __name__ == "__main__":
    GridSearchFlow()
