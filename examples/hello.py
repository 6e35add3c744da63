"""The smallest useful flow: one parameter, three steps, artifacts that travel from step to step."""

from metaflow import FlowSpec, Parameter, step


class HelloFlow(FlowSpec):
    """Greets somebody."""

    greeting = Parameter("greeting", help="What to say.", default="hello")
    times = Parameter("times", help="How often to say it.", type=int, default=1)

    @step
    def start(self):
        self.words = [self.greeting] * self.times
        self.next(self.compose)

    @step
    def compose(self):
        """Make a sentence of the words."""
        self.message = " ".join(self.words) + ", world"
        self.next(self.end)

    @step
    def end(self):
        print(self.message)


if __name__ == "__main__":
    HelloFlow()
