# resume: {"steps": ["use"], "options": ["--config-value", "settings", "{\"factor\": 3, \"where\": \"here\"}"]}
"""A Config: the resumed run has its origin's, not the default."""
import os

from metaflow import Config, FlowSpec, config_expr, environment, step


class ResumeConfiguredFlow(FlowSpec):
    settings = Config("settings", default_value={"factor": 1, "where": "nowhere"})

    @step
    def start(self):
        self.factor = self.settings.factor
        self.next(self.use)

    @environment(vars={"PLACE": config_expr("settings.where")})
    @step
    def use(self):
        self.place = os.environ["PLACE"]
        if os.path.exists("broken"):
            raise ValueError("use")
        self.next(self.end)

    @step
    def end(self):
        print(self.factor * self.settings.factor, self.place)


if __name__ == "__main__":
    ResumeConfiguredFlow()
