"""Flows as a network: who is central, who goes together, how mutual exchange is, who depends on few."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.errors import InputError

NODE_COLUMNS = [
    "node",
    "sent",
    "received",
    "centrality",
    "community",
    "reciprocity",
    "dependence",
    "top_partner",
    "top_share",
    "n_partners",
]


def network(flows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Measures of each node in a network of flows of one kind and year.

    Parameters
    ----------
    flows : origin, destination, value (0 and unknown values make no tie; several rows of a pair are added up)
    seed : of the community search

    Returns
    -------
    Frame, largest first, of node, sent, received, centrality (PageRank: the share of a long random walk along flows that is spent there), community
    (a number, 0 the largest; Louvain), reciprocity (share of its exchange that is matched by the other side, 0 to 1), dependence (Herfindahl index
    of its partners in both directions, 1 is a single partner), top_partner, top_share, n_partners. ``attrs`` has
    reciprocity, modularity and density of the whole. Modularity near 0 says that communities are no more than names.

    Raises
    ------
    InputError
        A column is missing or a flow is negative.

    References
    ----------
    Brin & Page (1998); Blondel et al. (2008), J. Stat. Mech. P10008; Squartini et al. (2013), Scientific Reports 3, on weighted reciprocity.

    Examples
    --------
    >>> flows = pd.DataFrame([("a", "b", 10), ("b", "a", 5), ("c", "a", 20)], columns=["origin", "destination", "value"])
    >>> network(flows)[["node", "sent", "received", "reciprocity"]].round(2).values.tolist()
    [['a', 10.0, 25.0, 0.29], ['c', 20.0, 0.0, 0.0], ['b', 5.0, 10.0, 0.67]]
    """
    import networkx as nx

    if missing := [c for c in ("origin", "destination", "value") if c not in flows.columns]:
        raise InputError("flows", f"have no column {', '.join(missing)}.", "Give origin, destination, value.")
    if (flows["value"] < 0).any():
        raise InputError("flows", "have a negative value.", "A flow is 0 or more.")
    ties = flows[(flows["value"] > 0) & (flows["origin"] != flows["destination"])]
    summed = ties.groupby(["origin", "destination"], observed=True, sort=True)["value"].sum().reset_index()
    graph = nx.DiGraph()
    rows = zip(summed["origin"], summed["destination"], summed["value"], strict=True)
    graph.add_weighted_edges_from((str(origin), str(destination), float(value)) for origin, destination, value in rows)
    if not len(graph):
        return pd.DataFrame(columns=NODE_COLUMNS)
    both = nx.Graph()
    for origin, destination, weight in graph.edges(data="weight"):
        before = both.get_edge_data(origin, destination, {"weight": 0.0})["weight"]
        both.add_edge(origin, destination, weight=before + weight)
    communities = sorted(
        nx.community.louvain_communities(both, weight="weight", seed=seed), key=lambda c: (-len(c), min(c))
    )
    place = {node: k for k, members in enumerate(communities) for node in members}
    rank = nx.pagerank(graph, weight="weight")
    nodes = [_node(graph, both, node) | {"centrality": rank[node], "community": place[node]} for node in graph]
    out = pd.DataFrame(nodes, columns=NODE_COLUMNS)
    out = (
        out.assign(_size=out["sent"] + out["received"])
        .sort_values(["_size", "node"], ascending=[False, True])
        .drop(columns="_size")
    )
    weight = {(o, d): w for o, d, w in graph.edges(data="weight")}
    matched = sum(min(w, weight.get((d, o), 0.0)) for (o, d), w in weight.items())
    out.attrs["reciprocity"] = matched / sum(weight.values())
    out.attrs["modularity"] = nx.community.modularity(both, communities, weight="weight")
    out.attrs["density"] = nx.density(graph)
    return out.reset_index(drop=True)


def _node(graph: Any, both: Any, node: str) -> dict[str, object]:
    sent = {d: a["weight"] for d, a in graph[node].items()}
    received = {o: a["weight"] for o, a in graph.pred[node].items()}
    exchange = {n: a["weight"] for n, a in both[node].items()}
    total = sum(exchange.values())
    matched = 2 * sum(min(w, received.get(d, 0.0)) for d, w in sent.items())
    top = max(exchange, key=lambda n: (exchange[n], n))
    return {
        "node": node,
        "sent": sum(sent.values()),
        "received": sum(received.values()),
        "reciprocity": matched / total,
        "dependence": sum((w / total) ** 2 for w in exchange.values()),
        "top_partner": top,
        "top_share": exchange[top] / total,
        "n_partners": len(exchange),
    }
