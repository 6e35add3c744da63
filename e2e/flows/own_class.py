"""Instances of the flow file's own classes, an enum, a closure-free function and a named tuple, also over a foreach."""

import enum
from collections import namedtuple

from metaflow import FlowSpec, step

Pair = namedtuple("Pair", ["left", "right"])


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Box:
    def __init__(self, content):
        self.content = content
        self.inner = None

    def __eq__(self, other):
        return isinstance(other, Box) and vars(self) == vars(other)


def describe(box):
    return "box of %s" % (box.content,)


class OwnClassFlow(FlowSpec):
    @step
    def start(self):
        self.boxes = [Box(Colour.RED), Box(Pair(1, "r"))]
        self.functions = [describe]
        self.next(self.open, foreach="boxes")

    @step
    def open(self):
        assert type(self.input) is Box, "the class is that of __main__"
        self.box = self.input
        self.box.inner = Box(self.index)
        self.text = self.functions[0](self.box)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.boxes = [task.box for task in inputs]
        self.texts = [task.text for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert isinstance(self.boxes[0].content, Colour)


if __name__ == "__main__":
    OwnClassFlow()
