"""A small data flow with nothing but Python's standard library: a CSV table in, a report out.

Reads `data/sales.csv` (or the file given by `--table`) when the run is started, checks the rows, totals every region in
a task of its own while the best-selling products are found in another branch, and writes a report as text and as data.
"""

import csv
import io
import os
from collections import Counter

from metaflow import FlowSpec, IncludeFile, Parameter, retry, step

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "sales.csv")


class SalesFlow(FlowSpec):
    """Totals by region, best products, one report."""

    table = IncludeFile("table", help="CSV with region, product, units, price.", default=TABLE)
    top = Parameter("top", help="How many products the report names.", type=int, default=3)
    currency = Parameter("currency", help="Unit of all prices.", default="EUR")

    @step
    def start(self):
        """Rows that cannot be right are set aside, with the reason."""
        self.rows, self.rejected = [], []
        for number, row in enumerate(csv.DictReader(io.StringIO(self.table)), start=2):
            try:
                units, price = int(row["units"]), float(row["price"])
            except ValueError as error:
                self.rejected.append({"line": number, "reason": str(error)})
                continue
            self.rows.append({**row, "units": units, "price": price, "amount": round(units * price, 2)})
        self.next(self.by_region, self.by_product)

    @step
    def by_region(self):
        self.regions = sorted({row["region"] for row in self.rows})
        self.next(self.total_region, foreach="regions")

    @retry(times=2, minutes_between_retries=0)
    @step
    def total_region(self):
        """One region."""
        self.region = self.input
        rows = [row for row in self.rows if row["region"] == self.region]
        self.total = round(sum(row["amount"] for row in rows), 2)
        print("%s: %d rows, %.2f %s" % (self.region, len(rows), self.total, self.currency))
        self.next(self.regions_done)

    @step
    def regions_done(self, inputs):
        self.totals = {task.region: task.total for task in inputs}
        self.next(self.report)

    @step
    def by_product(self):
        units = Counter()
        for row in self.rows:
            units[row["product"]] += row["units"]
        self.best = sorted(units.items(), key=lambda item: (-item[1], item[0]))[: self.top]
        self.next(self.report)

    @step
    def report(self, inputs):
        self.totals = inputs.regions_done.totals
        self.best = inputs.by_product.best
        self.merge_artifacts(inputs, include=["rejected"])
        lines = ["%-8s %10.2f %s" % (region, total, self.currency) for region, total in sorted(self.totals.items())]
        lines += ["best: " + ", ".join("%s (%d)" % item for item in self.best)]
        lines += ["%d rows set aside" % len(self.rejected)]
        self.text = "\n".join(lines)
        self.next(self.end)

    @step
    def end(self):
        print(self.text)


if __name__ == "__main__":
    SalesFlow()
