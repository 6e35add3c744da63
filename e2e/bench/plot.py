"""`python plot.py RESULTS.json OUT.svg`: seconds against the width of a foreach, both axes logarithmic, a line for each contender."""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plot  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

STYLES = {
    "mft": {"color": "#1f6feb", "marker": "o", "linewidth": 2.2},
    "metaflow run": {"color": "#8250df", "marker": "s"},
    "Python package": {"color": "#bc4c00", "marker": "^"},
    "forks alone": {"color": "#6e7781", "marker": ".", "linestyle": ":"},
}


def main(results, out):
    with open(results, encoding="utf-8") as source:
        measured = json.load(source)["rows"]
    rows = [row for row in measured if row.get("width")]
    beyond = {name: width for row in measured for name, width in row.get("beyond", {}).items()}
    matplotlib.rcParams["svg.hashsalt"] = "mft"
    figure, axes = plot.subplots(figsize=(7.2, 4.2))
    for name, style in STYLES.items():
        points = [(row["width"], row["values"][name]) for row in rows if name in row["values"]]
        if points:
            axes.plot(*zip(*points), label=name, **style)
        if points and name in beyond:
            axes.axvline(beyond[name], color=style["color"], linestyle="--", linewidth=1)
            axes.annotate(f"{name}: no more", (beyond[name], points[0][1]), xytext=(5, 0), textcoords="offset points", color=style["color"], fontsize=8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.set_xlabel("empty tasks of a foreach")
    axes.set_ylabel("seconds")
    axes.grid(which="major", color="#d0d7de", linewidth=0.6)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
