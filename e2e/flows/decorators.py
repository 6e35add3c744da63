# equivalence: {"options": ["--with", "retry:times=1,minutes_between_retries=0", "--with", "environment:vars={\"WORD\": \"from with\"}", "--with", "resources:memory=200"]}
import os
import time

from metaflow import FlowSpec, catch, current, environment, project, resources, retry, schedule, secrets, step, timeout


@schedule(daily=True)
@project(name="decorated")
class DecoratedFlow(FlowSpec):
    """Decorators of Metaflow itself, on steps and by --with."""

    @step
    def start(self):
        self.word = os.environ.get("WORD")
        self.project = (current.project_name, current.branch_name, current.is_user_branch, current.is_production)
        self.project_flow = current.project_flow_name
        self.decorators = sorted(deco.name for deco in type(self).start.decorators if deco.name != "temporal_internal")
        self.retries = current.retry_count
        if current.retry_count == 0:
            raise ValueError("once, for --with retry")
        self.next(self.quiet)

    @environment(vars={"WORD": "its own", "OTHER": 7})
    @resources(memory=100, cpu=2)
    @retry(times=0)
    @step
    def quiet(self):
        self.word = os.environ["WORD"], os.environ["OTHER"]
        self.retries = current.retry_count
        self.next(self.secret)

    @secrets(sources=[{"type": "inline", "id": "one", "options": {"env_vars": {"TOKEN": "not told", "USER_NAME": "me"}}}])
    @step
    def secret(self):
        self.length = len(os.environ["TOKEN"])
        self.user_name = os.environ["USER_NAME"]
        self.next(self.bound)

    @secrets(sources=[{"type": "inline", "id": "one", "options": {"env_vars": {"WORD": "twice"}}}])
    @catch(var="problem")
    @step
    def bound(self):
        self.word = os.environ["WORD"]
        self.next(self.slow)

    @catch(var="problem")
    @timeout(seconds=1)
    @retry(times=1, minutes_between_retries=0)
    @step
    def slow(self):
        time.sleep(20)
        self.next(self.end)

    @step
    def end(self):
        print(type(self.problem.exception), self.problem.type)


if __name__ == "__main__":
    DecoratedFlow()
