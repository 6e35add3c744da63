"""
Refusals as data. Metaflow prints its errors and exits, some of them before any command of ours is reached; in an inspection
(`MFT_FD_OUT` set) the same text also goes to Node.
"""

import importlib.abc
import importlib.util
import sys
import traceback

from .. import channel


def of_metaflow(error):
    """The refusal that stands for an error of Metaflow's."""
    headline = getattr(error, "headline", None) or type(error).__name__
    message = str(getattr(error, "message", "") or error).strip()
    where = ""
    if getattr(error, "source_file", None):
        where += " in file %s" % error.source_file
    if getattr(error, "line_no", None) is not None:
        where += " on line %d" % error.line_no
    refusal = {"code": getattr(error, "mft_code", "INVALID_FLOW"), "headline": headline + where, "message": message, "type": type(error).__name__}
    if getattr(error, "hint", None):
        refusal["hint"] = error.hint
    return refusal


def of_crash(error):
    """The refusal that stands for any other exception: the user's code, as a rule."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    message = "%s: %s" % (type(error).__name__, error)
    return {"code": "FLOW_CRASHED", "message": message.strip(), "traceback": "".join(lines)}


def _answer(refusal):
    if not channel.answered():
        channel.write({"error": refusal})


def _patch(cli):
    printed_metaflow, printed_unknown = cli.print_metaflow_exception, cli.print_unknown_exception

    def print_metaflow_exception(error):
        _answer(of_metaflow(error))
        return printed_metaflow(error)

    def print_unknown_exception(error):
        _answer(of_crash(error))
        return printed_unknown(error)

    cli.print_metaflow_exception = print_metaflow_exception
    cli.print_unknown_exception = print_unknown_exception


class _CliWatch(importlib.abc.MetaPathFinder):
    # `metaflow.cli` must not be imported before the flow's class exists (its options are bound at import), so it is
    # patched at the moment that Metaflow imports it itself.
    def find_spec(self, name, path=None, target=None):
        if name != "metaflow.cli":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                _patch(module)
                from .settings import remember_config_defaults

                remember_config_defaults(module.start)

            spec.loader.exec_module = exec_module
        return spec


def _watch_import():
    # A decorator of ours that is not usable raises while the class is made, before any command line.
    shown = sys.excepthook

    def excepthook(kind, error, trace):
        if kind.__module__ == "metaflow_extensions.temporal.bad_compensation":
            _answer(of_metaflow(error))
        shown(kind, error, trace)

    sys.excepthook = excepthook


def watch():
    """Answer with the refusal whenever Metaflow's command line ends with an error."""
    sys.meta_path.insert(0, _CliWatch())
    _watch_import()
