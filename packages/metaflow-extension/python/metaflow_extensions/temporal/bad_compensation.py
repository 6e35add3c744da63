"""
The error of a compensation handler that cannot be one. Imported only when there is one to raise: it imports Metaflow.
"""

import os
import sys

from metaflow.exception import MetaflowException


class BadCompensation(MetaflowException):
    """A handler, or a decorator that declares one, is not usable."""

    headline = "Bad compensation handler"

    @property
    def hint(self):
        """What to type next. Metaflow's own `check` knows nothing of handlers."""
        file = os.path.relpath(sys.argv[0]) if sys.argv[0] else "the flow"
        return "Mend %s, then look again: mft graph %s" % (file, file)
