from metaflow import FlowSpec, batch, catch, current, environment, kubernetes, resources, retry, step, timeout


class CloudFlow(FlowSpec):
    """Metaflow's own decorators that replace a step's command."""

    @kubernetes(image="python:3.11", cpu=2, memory=512, labels={"team": "a"}, node_selector={"disk": "ssd"}, namespace="flows")
    @environment(vars={"COLOUR": "blue"})
    @timeout(minutes=5)
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @resources(memory=700, gpu=1)
    @kubernetes(persistent_volume_claims={"claim": "/mnt"}, tolerations=[{"key": "arch"}])
    @step
    def each(self):
        if self.input == "b" and current.retry_count == 0:
            raise ValueError("once")
        self.got = self.input
        self.next(self.join)

    @batch(image="python:3.11", cpu=1, queue="arn:aws:batch:us-east-1:1:job-queue/q", iam_role="arn:aws:iam::1:role/r")
    @step
    def join(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.broken)

    @catch(var="problem", print_exception=False)
    @kubernetes
    @step
    def broken(self):
        raise KeyError("always")
        self.next(self.end)

    @step
    def end(self):
        self.caught = self.problem.type


if __name__ == "__main__":
    CloudFlow()
