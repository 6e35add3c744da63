"""
A report that makes itself on every working day at six, Berlin time, once it is deployed.

    mft create examples/daily_report.py
    mft serve &
    mft schedule show DailyReportFlow
    mft schedule trigger DailyReportFlow      # not to wait until six
"""

from metaflow import FlowSpec, Parameter, schedule, step


@schedule(cron="0 6 ? * MON-FRI *", timezone="Europe/Berlin")
class DailyReportFlow(FlowSpec):
    # Who starts a run by hand may give another; a schedule starts runs with the defaults.
    limit = Parameter("limit", type=int, default=100, help="Report what lies above.")

    @step
    def start(self):
        self.regions = ["east", "north", "south"]
        self.next(self.count, foreach="regions")

    @step
    def count(self):
        self.sold = {"east": 120, "north": 80, "south": 200}[self.input]
        self.next(self.report)

    @step
    def report(self, inputs):
        self.lines = ["%s: %d" % (each.input, each.sold) for each in inputs if each.sold > self.limit]
        self.next(self.end)

    @step
    def end(self):
        print("\n".join(self.lines))


if __name__ == "__main__":
    DailyReportFlow()
