"""
What every Metaflow command of the deployment must be told, so that a worker elsewhere runs the flow alike.

S1. Options hold what was chosen for this flow (on the command line, in the environment or in Metaflow's configuration), resolved.
S2. The datastore's root enters the options only where it was given as `--datastore-root`; a root that comes from a sysroot
    stays a variable, so that a worker's own sysroot wins over ours.
S3. No credential leaves this machine: a name or a value that looks like one is dropped.
"""

import json
import os
import re

from metaflow.metaflow_config import DEFAULT_PACKAGE_SUFFIXES
from metaflow.metaflow_config_funcs import config_values

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH|HEADERS|COOKIE")
_SECRET_VALUE = re.compile(
    r"://[^/@\s]*:[^/@\s]*@|(secret|password|passwd|token|api_?key|access_?key|credential)[\w-]*[\"']?\s*[:=]", re.I
)
# Names that only sound like a secret: they say where secrets are kept, not what they are.
_NOT_SECRET = {
    "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION",
    "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_ROLE",
    "METAFLOW_AZURE_KEY_VAULT_PREFIX",
    "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE",
    "METAFLOW_DEFAULT_SECRETS_ROLE",
    "METAFLOW_GCP_SECRET_MANAGER_PREFIX",
    "METAFLOW_KUBERNETES_SECRETS",
}
# Of this machine, this person or this process; a worker has its own.
_LOCAL = {
    "METAFLOW_ARTIFACT_LOCALROOT",
    "METAFLOW_CARD_LOCALROOT",
    "METAFLOW_CLIENT_CACHE_PATH",
    "METAFLOW_CONDA_PACKAGE_DIRS",
    "METAFLOW_DATASTORE_SYSROOT_SPIN",
    "METAFLOW_ESCAPE_HATCH_WARNING",
    "METAFLOW_TEMPDIR",
    "METAFLOW_USER",
}


def is_secret(name, value):
    """Whether a setting must not be written down."""
    if _SECRET_NAME.search(name.upper()) and name not in _NOT_SECRET:
        return True
    return bool(_SECRET_VALUE.search(str(value)))


def environment(obj, parameters):
    """Return Metaflow's settings that differ from its defaults, as variables of the environment."""
    found = {}
    for name, value in config_values():
        if name in _LOCAL or name.startswith("METAFLOW_DEBUG") or is_secret(name, value):
            continue
        found[name] = str(value)
    if "local" in (obj.metadata.TYPE, obj.datastore_impl.TYPE):
        # Metaflow finds a local root by walking up from the working directory: a worker stands elsewhere.
        root = parameters.get("datastore_root") if obj.datastore_impl.TYPE == "local" else None
        if root is None:
            root = _local_root(obj)
        if os.path.basename(root) == ".metaflow":
            found["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = os.path.dirname(os.path.abspath(root))
    return dict(sorted(found.items()))


def _local_root(obj):
    from metaflow.plugins.datastores.local_storage import LocalStorage

    return LocalStorage.get_datastore_root_from_config(lambda *_args, **_options: None)


def datastore_root(obj):
    """Return the datastore's root; of a local one the absolute path."""
    root = obj.flow_datastore.datastore_root
    return os.path.abspath(root) if obj.datastore_impl.TYPE == "local" else root


def remember_config_defaults(start):
    """Note what functions that are defaults of Configs answer to Metaflow; `start` is its command, before it runs."""
    collector = _config_input(start)
    for value, _ in collector._defaults.values() if collector else ():
        if hasattr(value, "fun"):
            value.fun = _noting(value, value.fun)


def _noting(field, function):
    def noting(*arguments):
        field._mft_answer = function(*arguments)
        return field._mft_answer

    return noting


def _config_input(start):
    # Metaflow's collector of --config and --config-value; the raw text, before a parser saw it, is only there.
    for parameter in start.params:
        if parameter.name == "config_value":
            return getattr(getattr(parameter, "callback", None), "__self__", None)
    return None


def _raw(collector, name):
    from metaflow.user_configs import config_options

    prefix, default = config_options._CONVERT_PREFIX, config_options._DEFAULT_PREFIX
    given = {**(collector._path_values or {}), **(collector._value_values or {})}.get(name)
    if given is None:
        value, is_path = collector._defaults.get(name, (None, False))
        value = getattr(value, "_mft_answer", value)
        if value is None or callable(value) or hasattr(value, "fun"):
            return None
        convert = config_options.ConvertPath if is_path else config_options.ConvertDictOrStr
        given = convert.convert_value(value, True)
    text = given[len(prefix) :] if given.startswith(prefix) else given
    text = text[len(default) :] if text.startswith(default) else text
    return None if text.startswith("kv.") else text


def configs(context, flow):
    """Return {name: text}, each to be given by `--config-value NAME TEXT` on a machine that lacks the file."""
    try:
        from metaflow.flowspec import FlowStateItems

        state = flow._flow_state[FlowStateItems.CONFIGS]
    except ImportError:
        from metaflow.flowspec import _FlowState

        state = flow._flow_state.get(_FlowState.CONFIGS, {})
    collector = _config_input(context.find_root().command)
    found = {}
    for name, entry in (state or {}).items():
        value, plain = entry if isinstance(entry, tuple) else (entry, False)
        if value is None:
            continue
        parser = collector._parsers.get(name, (None, False)) if collector else (None, False)
        parser = parser[0] if isinstance(parser, tuple) else parser
        text = _raw(collector, name) if parser and collector else None
        if text is None:
            text = value if plain and isinstance(value, str) else json.dumps(value)
        found[name] = text
    return found


def options(context, obj, flow):
    """Return Metaflow's top-level options, resolved and absolute, in a fixed order."""
    given = context.find_root().params
    answer = ["--no-pylint"]
    for option in ("metadata", "datastore", "environment", "event_logger", "monitor"):
        answer += ["--" + option.replace("_", "-"), str(given[option])]
    if given.get("datastore_root"):
        answer += ["--datastore-root", datastore_root(obj)]
    if given.get("package_suffixes") and given["package_suffixes"] != DEFAULT_PACKAGE_SUFFIXES:
        answer += ["--package-suffixes", given["package_suffixes"]]
    for specification in obj.tl_decospecs:
        answer += ["--with", specification]
    answer += _flow_decorator_options(context, flow)
    for name, text in sorted(configs(context, flow).items()):
        answer += ["--config-value", name, text]
    return answer


def _flow_decorator_options(context, flow):
    """
    Options that flow decorators declare (`--branch`): as the decorator says that tasks must have them, else as they were
    given, on the command line or in the environment, which `run` sees under `metaflow run` too.
    """
    root = context.find_root()
    declared = {option.name: option for option in root.command.params}
    answer = []
    for decorators in flow._flow_decorators.values():
        for decorator in decorators:
            told = dict(decorator.get_top_level_options())
            for name in dict.fromkeys([*type(decorator).options, *told]):
                option = declared.get(name.replace("-", "_"))
                value = told[name] if name in told else root.params.get(name.replace("-", "_"))
                answer += _words(option, "--" + name.replace("_", "-"), value)
    return answer


def _words(option, name, value):
    """The words that give an option of click's this value; none where it has it anyway."""
    if option is not None:
        name = option.opts[0]
        default = option.default() if callable(option.default) else option.default
        if value is None or value == default:
            return []
        if getattr(option, "count", False):
            return [name] * int(value)
        if getattr(option, "is_flag", False) and isinstance(value, bool):
            return [name] if value else option.secondary_opts[:1]
        several = value if option.multiple else [value]
        return [word for each in several for word in [name, *map(str, each if option.nargs != 1 else [each])]]
    if value is True:
        return [name]
    return [] if value is None or value is False else [name, str(value)]
