"""
Parameters of the flow as options of a verb.

G1. Only what was given reaches `mft`, as it was typed: defaults are those of the deployment, not of the file as it is now, and
    the worker's Metaflow converts a value, exactly once. Here it is only checked, by the conversion that `run` would do.
G2. A file of an IncludeFile is uploaded by Metaflow's own conversion; its descriptor is what travels.
G3. Where a parameter and an option of ours have one name, it is the parameter's.
"""

import difflib
import json
import sys

from metaflow._vendor import click
from metaflow.exception import MetaflowException
from metaflow.includefile import IncludedFile
from metaflow.parameters import DelayedEvaluationParameter

_PREFIX = "parameter:"


class BadParameter(MetaflowException):
    headline = "Bad parameter"


class _Value:
    # What was given, and what Metaflow makes of it.
    def __init__(self, raw, converted):
        self._raw, self._converted = raw, converted

    def plain(self):
        if isinstance(self._converted, DelayedEvaluationParameter):
            return self._converted(return_str=True)
        if isinstance(self._converted, IncludedFile):
            return json.dumps(self._converted.descriptor)
        return list(self._raw) if isinstance(self._raw, tuple) else self._raw


class _ParameterOption(click.Option):
    # One parameter; its value in the context is a _Value, or None where none was given.
    def __init__(self, parameter, environment):
        super().__init__(("--" + parameter.name,), **parameter.option_kwargs(False))
        self.envvar = [prefix + self.name.upper() for prefix in environment if prefix + self.name.upper() != "METAFLOW_RUN_ID"]
        self.parameter = parameter.name
        # A name that no option of ours has.
        self.name = _PREFIX + parameter.name
        self.callback = self.prompt = None
        if self.required:
            self.required, self.help = False, "%s[required]" % (self.help + "  " if self.help else "")

    def full_process_value(self, ctx, value):
        return None if value is None or (self.multiple and not value) else _Value(value, self.process_value(ctx, value))


class VerbWithParameters(click.Command):
    """A click command that takes the parameters of the flow that is run. `environment`: prefixes of variables that may hold one."""

    #: Metaflow's Deployer puts the parameters of its flow into such commands.
    has_flow_params = True
    environment = ()

    def __init__(self, *args, environment=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.original_params = list(self.params)
        self.environment = environment

    def get_params(self, ctx):
        flow = getattr(ctx.obj, "flow", None)
        if flow is None:
            return super().get_params(ctx)
        parameters = [each for _, each in flow._get_parameters() if not getattr(each, "IS_CONFIG_PARAMETER", False)]
        found = [_ParameterOption(each, self.environment) for each in parameters]
        taken = {word for option in found for word in option.opts + option.secondary_opts}
        own = [each for each in self.original_params if isinstance(each, click.Argument) or not taken.intersection(each.opts)]
        helping = self.get_help_option(ctx)
        return found + own + ([helping] if helping and not taken.intersection(helping.opts) else [])


def values(context, run_params=(), params_file=None):
    """
    Return {parameter: JSON value} of all that was given: by flags, by `--run-param name=value`, by a file of JSON.

    Raises BadParameter, click's own errors for a value that does not convert, and Metaflow's for a file that is not there.
    """
    own = {option.parameter: option for option in context.command.get_params(context) if isinstance(option, _ParameterOption)}
    given = {name: context.params[option.name] for name, option in own.items() if context.params.get(option.name) is not None}
    texts = {}
    for word in run_params or ():
        name, equals, text = word.partition("=")
        if not equals:
            raise BadParameter("--run-param takes name=value, not *%s*." % word)
        name = _resolve(own, name)
        if own[name].multiple:
            texts.setdefault(name, []).append(text)
        else:
            _once(name, texts)
            texts[name] = text
    for name, value in _read(params_file).items():
        name = _resolve(own, name)
        _once(name, texts)
        texts[name] = value
    for name, value in texts.items():
        _once(name, given)
        if value is not None:
            option = own[name]
            value = tuple(value) if option.multiple and isinstance(value, list) else value
            given[name] = _Value(value, option.process_value(context, value))
    return {name: value.plain() for name, value in given.items()}


def _once(name, found):
    if name in found:
        raise BadParameter("Parameter *%s* is given twice." % name)


def _resolve(own, name):
    if name in own:
        return name
    # Names hold dashes in Metaflow, and underscores in Python: either will do.
    alike = [each for each in own if each.replace("-", "_") == name.replace("-", "_")]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(name, own, 1)
    meant = " Did you mean *%s*?" % near[0] if near else ""
    raise BadParameter("There is no parameter *%s*.%s Parameters: %s" % (name, meant, ", ".join(own) or "none"))


def _read(file):
    if file is None:
        return {}
    try:
        if file == "-":
            found = json.load(sys.stdin)
        else:
            with open(file, encoding="utf-8") as stream:
                found = json.load(stream)
    except (OSError, ValueError) as error:
        raise BadParameter("The parameters cannot be read from *%s*: %s" % (file, error))
    if not isinstance(found, dict):
        raise BadParameter("*%s* must hold one JSON object: {\"name\": value, …}" % file)
    return found
