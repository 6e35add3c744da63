"""
Reports how a step ended from a process that the launcher did not fork: a fresh interpreter, or a pod.

D1. With `METAFLOW_TEMPORAL_RESULT` in the environment the report is a file there. Elsewhere (another machine) it is task metadata,
    which the planner reads when the file is absent.
D2. A failure is reported as well: its message would otherwise have to be guessed from output that the other machine has stored.
D3. Where the environment leaves a request for a compensation handler, the process runs that instead of the step.
D4. The code package of a deployment carries its own copy of this file: variable, file and metadata field are a contract between
    versions.
"""

import json
import os

from metaflow import current
from metaflow.decorators import StepDecorator
from metaflow.metadata_provider import MetaDatum
from metaflow_extensions.temporal.launcher import outcome

RESULT_VARIABLE = "METAFLOW_TEMPORAL_RESULT"
REQUEST_VARIABLE = "METAFLOW_TEMPORAL_COMPENSATION"
METADATA_FIELD = "temporal-outcome"


class TemporalInternalDecorator(StepDecorator):
    """Added to steps by the planner; not for users."""

    name = "temporal_internal"

    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        # @kubernetes and @batch wait between attempts in the process that submits the job. Temporal has waited already.
        for decorator in decorators:
            if decorator.name == "retry" and "minutes_between_retries" in decorator.attributes:
                decorator.attributes["minutes_between_retries"] = 0
        if REQUEST_VARIABLE in os.environ:
            from metaflow_extensions.temporal.launcher import compensation

            compensation.take_request(os.environ.pop(RESULT_VARIABLE))

    def task_pre_step(
        self,
        step_name,
        task_datastore,
        metadata,
        run_id,
        task_id,
        flow,
        graph,
        retry_count,
        max_user_code_retries,
        ubf_context,
        inputs,
    ):
        self._metadata = metadata
        self._datastore = task_datastore
        self._coordinates = (run_id, step_name, task_id)
        # A subprocess of the step (a mapper of @parallel) is a task of its own: it must not answer for this one.
        self._path = os.environ.pop(RESULT_VARIABLE, None)
        if self._path is None and "trigger" not in current:
            self._find_trigger(run_id, task_datastore)

    def _find_trigger(self, run_id, task_datastore):
        # Another machine: what triggered the run lies in the datastore, if anything did.
        from metaflow_extensions.temporal import trigger
        from metaflow_extensions.temporal.launcher import triggers

        trigger.install(triggers.kept(task_datastore.parent_datastore, run_id))

    def task_exception(self, exception, step_name, flow, graph, retry_count, max_user_code_retries):
        self._write({"error": outcome.describe_error(exception)}, retry_count)
        return False

    def task_finished(self, step_name, flow, graph, is_task_ok, retry_count, max_user_code_retries):
        if not is_task_ok:
            return
        answer = outcome.transition(flow)
        answer["artifacts"] = outcome.public_names(type(flow), self._datastore._objects)
        self._write(answer, retry_count)

    def _write(self, answer, retry_count):
        if self._path:
            outcome.write(self._path, answer)
        else:
            datum = MetaDatum(
                field=METADATA_FIELD,
                value=json.dumps(answer),
                type=METADATA_FIELD,
                tags=["attempt_id:%d" % retry_count],
            )
            self._metadata.register_metadata(*self._coordinates, [datum])
