"""As `recorded`, by the hooks that read Metaflow's system context instead of taking arguments (Metaflow 2.19)."""

from metaflow.decorators import StepDecorator

from .recording import kind, record


class RecordedCtxDecorator(StepDecorator):
    """Every `_ctx` hook of a step decorator."""

    name = "recorded_ctx"

    def _said(self, *names):
        context = self.system_ctx
        return {name: getattr(context, name, None) for name in names}

    def step_init_ctx(self, step_name):
        self._step = step_name
        record("step_init_ctx", step=step_name, kinds=[kind(self.system_ctx.flow), kind(self.system_ctx.graph)])

    def package_init_ctx(self, step_name):
        record("package_init_ctx", step=step_name)

    def runtime_init_ctx(self, step_name):
        record("runtime_init_ctx", step=step_name, run=bool(self.system_ctx.run_id))

    def runtime_task_created_ctx(self, step_name):
        said = self._said("split_index", "is_cloned", "ubf_context")
        record("runtime_task_created_ctx", step=step_name, task=bool(self.system_ctx.task_id), **said)

    def runtime_step_cli_ctx(self, step_name, cli_args):
        said = self._said("retry_count", "max_user_code_retries", "split_index", "ubf_context")
        inputs = [path.split("/")[1] for path in self.system_ctx.input_paths]
        record("runtime_step_cli_ctx", step=step_name, inputs=inputs, commands=cli_args.commands, **said)

    def runtime_finished_ctx(self, step_name, exception):
        record("runtime_finished_ctx", step=step_name, failed=exception is not None)

    def task_pre_step_ctx(self, step_name):
        record("task_pre_step_ctx", step=step_name, **self._said("retry_count", "max_user_code_retries", "ubf_context"))

    def task_decorate_ctx(self, step_name, step_func):
        record("task_decorate_ctx", step=step_name)
        return step_func

    def task_step_completed_ctx(self, step_name, exception=None):
        record("task_step_completed_ctx", step=step_name, exception=type(exception).__name__)

    def task_finished_ctx(self, step_name, is_task_ok):
        record("task_finished_ctx", step=step_name, ok=is_task_ok)
