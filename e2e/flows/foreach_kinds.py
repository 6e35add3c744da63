"""What a foreach may go over: one element, a dict, a tuple, a string, a generator's list, objects."""

from metaflow import FlowSpec, step


class ForeachKindsFlow(FlowSpec):
    @step
    def start(self):
        self.single = [{"deep": [1]}]
        self.next(self.one, foreach="single")

    @step
    def one(self):
        self.item = self.input
        self.next(self.one_join)

    @step
    def one_join(self, inputs):
        self.items = [task.item for task in inputs]
        self.next(self.before_two)

    @step
    def before_two(self):
        self.pair = ("x", None)
        self.next(self.two, foreach="pair")

    @step
    def two(self):
        self.item = self.input
        self.next(self.two_join)

    @step
    def two_join(self, inputs):
        self.items = [task.item for task in inputs]
        self.next(self.before_three)

    @step
    def before_three(self):
        self.word = "abc"
        self.next(self.three, foreach="word")

    @step
    def three(self):
        self.item = self.input
        self.next(self.three_join)

    @step
    def three_join(self, inputs):
        self.items = [task.item for task in inputs]
        self.next(self.before_four)

    @step
    def before_four(self):
        self.span = range(3, 6)
        self.next(self.four, foreach="span")

    @step
    def four(self):
        self.item = self.input
        self.next(self.four_join)

    @step
    def four_join(self, inputs):
        self.items = [task.item for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachKindsFlow()
