"""Tasks that compute next to nothing, in a file that imports what data scientists import."""

import numpy
import pandas
from metaflow import FlowSpec, Parameter, step
from sklearn.linear_model import LinearRegression


class HeavyFlow(FlowSpec):
    width = Parameter("width", type=int, default=50)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.fit, foreach="items")

    @step
    def fit(self):
        frame = pandas.DataFrame({"x": numpy.arange(10), "y": numpy.arange(10) * self.input})
        self.slope = float(LinearRegression().fit(frame[["x"]], frame["y"]).coef_[0])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.slopes = [round(i.slope) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.slopes == list(range(self.width))


if __name__ == "__main__":
    HeavyFlow()
