"""
A decorator that runs its step with another interpreter on this machine, made as Metaflow's @conda and @pypi are once their environment
has been resolved: the package is unpacked once, and the interpreter finds Metaflow there.
"""

import tempfile

from metaflow.decorators import StepDecorator


class InterpretedDecorator(StepDecorator):
    name = "interpreted"
    defaults = {"by": None}

    _home = None
    _env = None

    def runtime_init(self, flow, graph, package, run_id):
        cls = type(self)
        if cls._home is None:
            cls._home = tempfile.TemporaryDirectory(prefix="interpreted-")
            package.extract_into(cls._home.name)
            cls._env = package.get_post_extract_env_vars(package.package_metadata, cls._home.name)

    def runtime_step_cli(self, cli_args, retry_count, max_user_code_retries, ubf_context):
        cli_args.env.update(self._env, PYTHONNOUSERSITE="1")
        cli_args.entrypoint[0] = self.attributes["by"]

    def runtime_finished(self, exception):
        cls = type(self)
        if cls._home is not None:
            cls._home.cleanup()
            cls._home = None
