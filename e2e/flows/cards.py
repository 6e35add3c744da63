# equivalence: {"options": ["--with", "card:id=added"]}
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Image, Markdown, ProgressBar, Table


class CardsFlow(FlowSpec):
    """Cards: the default one, several in a step, components, in a foreach, refreshed, and of a step that fails once."""

    @card
    @step
    def start(self):
        current.card.append(Markdown("# The default card of start"))
        current.card.append(Table([["a", 1], ["b", 2]], headers=["name", "value"]))
        self.letters = ["x", "y"]
        self.next(self.each, foreach="letters")

    @card(type="blank", id="first")
    @card(type="blank", id="second", options={"show_parameters": True})
    @step
    def each(self):
        current.card["first"].append(Markdown("first of %s" % self.input))
        current.card["second"].append(Markdown("second of %s" % self.input))
        self.letter = self.input
        self.next(self.join)

    @card(id="progress", refresh_interval=1)
    @step
    def join(self, inputs):
        self.letters = [each.letter for each in inputs]
        bar = ProgressBar(max=3, label="done")
        current.card["progress"].append(bar)
        for count in range(1, 4):
            bar.update(count)
            current.card["progress"].refresh({"count": count})
        self.next(self.broken)

    @card(type="taskspec_card", id="none", timeout=30)
    @card(type="blank", save_errors=True, id="kept")
    @step
    def broken(self):
        current.card["kept"].append(Markdown("kept"))
        self.next(self.end)

    @step
    def end(self):
        print(self.letters)


if __name__ == "__main__":
    CardsFlow()
