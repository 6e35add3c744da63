"""
A decorator that runs its step somewhere else, made as Metaflow's @kubernetes and @batch are: the package is saved once, and the step's
command is replaced by one that sees to it that the step runs from that package, with another interpreter.
"""

import sys

from metaflow.decorators import StepDecorator


class ElsewhereDecorator(StepDecorator):
    name = "elsewhere"
    defaults = {"interpreter": None, "kill": None}

    package_metadata = None
    package_url = None
    package_sha = None

    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        self.flow_datastore = flow_datastore

    def runtime_init(self, flow, graph, package, run_id):
        self.package = package

    def runtime_task_created(self, task_datastore, task_id, split_index, input_paths, is_cloned, ubf_context):
        if not is_cloned:
            self._save_package_once(self.flow_datastore, self.package)

    def runtime_step_cli(self, cli_args, retry_count, max_user_code_retries, ubf_context):
        if retry_count <= max_user_code_retries:
            # The fallback of @catch runs here.
            cli_args.commands = ["elsewhere", "step"]
            cli_args.command_args += [self.package_metadata, self.package_sha, self.package_url]
            cli_args.command_options.update({k: v for k, v in self.attributes.items() if v is not None})
            cli_args.entrypoint[0] = sys.executable

    @classmethod
    def _save_package_once(cls, flow_datastore, package):
        if cls.package_url is None:
            cls.package_url, cls.package_sha = flow_datastore.save_data([package.blob], len_hint=1)[0]
            cls.package_metadata = package.package_metadata
