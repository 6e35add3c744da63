"""Apart from `event`, which imports nothing of Metaflow's."""

from metaflow.exception import MetaflowException


class EventNotPublished(MetaflowException):
    """An event that could not be published."""

    headline = "Event not published"
