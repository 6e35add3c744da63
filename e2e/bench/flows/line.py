"""Twenty empty steps in a row."""

from metaflow import FlowSpec, step


class LineFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.s2)

    @step
    def s2(self):
        self.next(self.s3)

    @step
    def s3(self):
        self.next(self.s4)

    @step
    def s4(self):
        self.next(self.s5)

    @step
    def s5(self):
        self.next(self.s6)

    @step
    def s6(self):
        self.next(self.s7)

    @step
    def s7(self):
        self.next(self.s8)

    @step
    def s8(self):
        self.next(self.s9)

    @step
    def s9(self):
        self.next(self.s10)

    @step
    def s10(self):
        self.next(self.s11)

    @step
    def s11(self):
        self.next(self.s12)

    @step
    def s12(self):
        self.next(self.s13)

    @step
    def s13(self):
        self.next(self.s14)

    @step
    def s14(self):
        self.next(self.s15)

    @step
    def s15(self):
        self.next(self.s16)

    @step
    def s16(self):
        self.next(self.s17)

    @step
    def s17(self):
        self.next(self.s18)

    @step
    def s18(self):
        self.next(self.s19)

    @step
    def s19(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LineFlow()
