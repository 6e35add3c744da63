"""
A flow file that stands in for one that is not on this machine: it declares the same parameters, which is all that starting a
run needs.
"""

import keyword

_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool", "json": "JSONType"}


def source(flow_name, parameters):
    """Return the Python source of a flow of that name. `parameters`: the list that a deployment's config holds."""
    lines = ["from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step", "from metaflow._vendor import click", ""]
    lines += ["", "class %s(FlowSpec):" % _identifier(flow_name)]
    lines += ["    p%d = %s" % (index, _declaration(each)) for index, each in enumerate(parameters)]
    lines += [
        "",
        "    @step",
        "    def start(self):",
        "        self.next(self.end)",
        "",
        "    @step",
        "    def end(self):",
        "        pass",
        "",
        "",
        'if __name__ == "__main__":',
        "    %s()" % flow_name,
    ]
    return "\n".join(lines) + "\n"


def _identifier(flow_name):
    if not flow_name.isidentifier() or keyword.iskeyword(flow_name):
        raise ValueError("%r is no name of a flow." % flow_name)
    return flow_name


def _declaration(parameter):
    # Every text goes through repr: a help text may hold anything.
    words = [repr(parameter["name"])]
    if parameter["type"] != "file":
        choices = parameter.get("choices")
        words.append("type=%s" % ("click.Choice(%r)" % [str(each) for each in choices] if choices else _TYPES[parameter["type"]]))
    if parameter.get("help"):
        words.append("help=%r" % parameter["help"])
    if parameter.get("required"):
        words.append("required=True")
    if parameter.get("multiple"):
        words.append("multiple=True")
    if parameter.get("separator"):
        words.append("separator=%r" % parameter["separator"])
    return "%s(%s)" % ("IncludeFile" if parameter["type"] == "file" else "Parameter", ", ".join(words))
