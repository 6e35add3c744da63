"""One flow, many deployments: `@project` gives each branch names of its own, `@exit_hook` calls a function when a run is over.

Try: mft create examples/forecast.py --branch staging
"""

from metaflow import FlowSpec, Parameter, current, exit_hook, project, step


def announce(run):
    """Called once when a run has completed; `run` is Metaflow's own object."""
    print("%s: %s" % (run.pathspec, run.data.summary))


def alarm(run):
    """Called once when a run ended in any other way; `run` is None where it could not even begin."""
    print("%s needs somebody's attention" % (run.pathspec if run else "A run that never began"))


@exit_hook(on_success=[announce], on_error=[alarm])
@project(name="forecasts")
class ForecastFlow(FlowSpec):
    """A forecast for tomorrow, of which production has a better one."""

    days = Parameter("days", default=3, help="days to look back")

    @step
    def start(self):
        self.history = [12, 14, 13, 17, 16][-self.days :]
        self.next(self.forecast)

    @step
    def forecast(self):
        # A branch may read and write places of its own.
        self.table = "forecasts_" + current.branch_name.replace(".", "_")
        weights = range(1, len(self.history) + 1) if current.is_production else [1] * len(self.history)
        self.tomorrow = sum(w * x for w, x in zip(weights, self.history)) / sum(weights)
        self.next(self.end)

    @step
    def end(self):
        self.summary = "%.1f degrees, into %s" % (self.tomorrow, self.table)
        print(current.project_flow_name, self.summary)


if __name__ == "__main__":
    ForecastFlow()
