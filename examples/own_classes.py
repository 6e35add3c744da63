"""Artifacts of classes that the flow file itself defines.

Metaflow pickles them by reference to the flow file, so whatever reads them needs the file at hand, as
`python own_classes.py` has.
"""

from dataclasses import dataclass, field
from typing import Dict, List

from metaflow import FlowSpec, step


@dataclass(frozen=True)
class Point:
    x: float
    y: float

    def distance(self, other: "Point") -> float:
        return ((self.x - other.x) ** 2 + (self.y - other.y) ** 2) ** 0.5


@dataclass
class Cluster:
    centre: Point
    members: List[Point] = field(default_factory=list)


POINTS = [Point(0, 0), Point(1, 0), Point(0, 1), Point(9, 9), Point(10, 9), Point(9, 10)]


class OwnClassesFlow(FlowSpec):
    """Groups points around two centres, a task for each point."""

    @step
    def start(self):
        self.centres = [Point(0, 0), Point(10, 10)]
        self.points = POINTS
        self.next(self.assign, foreach="points")

    @step
    def assign(self):
        self.point = self.input
        self.nearest = min(self.centres, key=self.point.distance)
        self.next(self.group)

    @step
    def group(self, inputs):
        clusters: Dict[Point, Cluster] = {centre: Cluster(centre) for centre in inputs[0].centres}
        for task in inputs:
            clusters[task.nearest].members.append(task.point)
        self.clusters = list(clusters.values())
        self.next(self.end)

    @step
    def end(self):
        for cluster in self.clusters:
            print("%s: %d points" % (cluster.centre, len(cluster.members)))


if __name__ == "__main__":
    OwnClassesFlow()
