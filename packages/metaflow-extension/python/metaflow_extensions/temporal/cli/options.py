"""Options that several verbs share, and how they become words of `mft`."""

from metaflow._vendor import click

#: (option of `temporal` and of mft, help): how to reach Temporal.
_CONNECTION = (
    ("--address", "Temporal server, as host:port. Default: TEMPORAL_ADDRESS, else a local server."),
    ("--temporal-namespace", "Temporal's namespace. Default: TEMPORAL_NAMESPACE, else 'default'."),
    ("--profile", "Profile of temporal.toml."),
    ("--api-key", "API key. Better: TEMPORAL_API_KEY."),
    ("--tls-cert-path", "File of the client's certificate."),
    ("--tls-key-path", "File of the client's key."),
    ("--tls-ca-path", "File of the authority of the server's certificate."),
    ("--tls-server-name", "Name in the server's certificate."),
    ("--data-converter", "Module that encrypts what Temporal stores."),
)


def connection(function):
    """Add the options of the connection to the group."""
    function = click.option("--tls/--no-tls", "tls", default=None, help="Connect with TLS, or without.")(function)
    for option, text in reversed(_CONNECTION):
        function = click.option(option, default=None, help=text)(function)
    return function


def connection_words(given):
    """The same options for `mft`; `given`: the group's values by name. Only what was given."""
    words = []
    for option, _ in _CONNECTION:
        value = given.get(option[2:].replace("-", "_"))
        if value is not None:
            words.append("%s=%s" % (option, value))
    tls = given.get("tls")
    return words if tls is None else words + ["--tls" if tls else "--no-tls"]


def name(function):
    """`--name` of a verb; the group has it too, for flows with a parameter of that name."""
    return click.option("--name", "deployment", default=None, help="Name of the deployment. Default: the flow's name.")(function)


def as_json(function):
    """`--json` of a verb."""
    text = "Print one JSON object as the last line; everything else goes to stderr."
    return click.option("--json", "as_json", is_flag=True, help=text)(function)


def words(*pairs):
    """`--option=value` for each pair whose value was given; True is a flag, a list repeats the option."""
    found = []
    for option, value in pairs:
        if value is None or value is False:
            continue
        if value is True:
            found.append(option)
        else:
            found += ["%s=%s" % (option, each) for each in (value if isinstance(value, (list, tuple)) else [value])]
    return found
