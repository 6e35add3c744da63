"""Imports a module and a package that lie beside the flow file, at its top and inside a step; their classes as artifacts."""

from beside import Reading, double

from metaflow import FlowSpec, step


class WithModulesFlow(FlowSpec):
    @step
    def start(self):
        self.reading = Reading("heat", 1.5)
        self.next(self.use)

    @step
    def use(self):
        from helpers.words import shout

        self.reading = double(self.reading)
        self.word = shout(self.reading.name)
        self.next(self.end)

    @step
    def end(self):
        print(self.word, self.reading)


if __name__ == "__main__":
    WithModulesFlow()
