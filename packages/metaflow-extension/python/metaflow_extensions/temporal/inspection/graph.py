"""The graph as plain data, from `FlowGraph` (Metaflow 2.16 to 2.19)."""

DOC_LIMIT = 300


def first_lines(doc):
    """The first paragraph of a docstring, at most DOC_LIMIT characters; None where there is none."""
    paragraph = (doc or "").strip().split("\n\n", 1)[0]
    text = " ".join(line.strip() for line in paragraph.splitlines()).strip()
    if len(text) > DOC_LIMIT:
        text = text[: DOC_LIMIT - 1].rstrip() + "…"
    return text or None


def _edge_steps(graph):
    # Metaflow 2.19 lets any step start and end a flow; before, the names were fixed. A lone step is both.
    if len(graph.nodes) == 1:
        (only,) = graph.nodes
        return only, only
    start = getattr(graph, "start_step", None) or "start"
    end = getattr(graph, "end_step", None) or "end"
    return start, end


def _type(node, end):
    if node.name == end:
        return "end"
    if node.type == "foreach":
        return "parallel" if node.parallel_foreach else "foreach"
    if node.type == "split-switch":
        return "switch"
    if node.type in ("split", "join"):
        return node.type
    return "linear"


def _order(graph):
    # 2.16 may lack `sorted_nodes`' completeness for steps nothing leads to; lint has refused those before we are asked.
    names = list(getattr(graph, "sorted_nodes", None) or graph.nodes)
    return names + [name for name in graph.nodes if name not in names]


def describe(graph):
    """Return {"start", "end", "nodes": [...]}, nodes in topological order, loops ignored."""
    start, end = _edge_steps(graph)
    nodes = []
    for name in _order(graph):
        node = graph[name]
        kind = _type(node, end)
        described = {
            "name": name,
            "type": kind,
            "next": list(dict.fromkeys([] if kind == "end" else node.out_funcs)),
        }
        if kind in ("split", "foreach", "parallel"):
            described["join"] = node.matching_join
        if kind == "switch":
            described["cases"] = {str(case): target for case, target in node.switch_cases.items()}
            described["condition"] = node.condition
        if kind == "foreach":
            described["foreachVar"] = node.foreach_param
        doc = first_lines(node.doc)
        if doc:
            described["doc"] = doc
        nodes.append(described)
    return {"start": start, "end": end, "nodes": nodes}
