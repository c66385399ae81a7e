"""Clustered standard errors for Poisson models with many fixed effects, made up for what the effects absorb (CR3, the jackknife).

The usual clustered errors of a gravity model are too small: every effect is fitted to a few flows, so the residuals that go into them
are shrunk, most of all those of the largest flows. Dividing by one minus the leverage undoes it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

Array = np.ndarray
MOST_AT_ONCE = 200_000  # entries of the clusters' hat matrices that are held together
MOST_PARAMETERS = 3000  # a dense inverse of that size takes seconds and 70 MB


def cr3(x: Array, groups: list[Array], mean: Array, value: Array, cluster: Array) -> Array | None:
    """Covariance of the coefficients of ``x`` by the cluster jackknife, linearised at the fit.

    Parameters
    ----------
    x : (N, K) covariates; groups : integer codes of each fixed effect; mean, value : (N,) fitted and observed; cluster : (N,) codes

    Returns
    -------
    (K, K) covariance, or None where the model has too many parameters for it, or is not identified

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2); Weidner & Zylkin (2021), Journal of International Economics 132, on the bias
    in gravity models; MacKinnon, Nielsen & Webb (2023), Journal of Econometrics 232(2).

    Examples
    --------
    >>> x, mean = np.array([[1.0], [1], [1], [1]]), np.full(4, 2.0)
    >>> float(cr3(x, [], mean, np.array([1.0, 3, 2, 2]), np.arange(4))[0, 0].round(4))
    0.0417
    """
    changes = without_each(x, groups, mean, value, cluster)
    return None if changes is None else covariance_of(changes)


def covariance_of(changes: Array) -> Array | None:
    """The jackknife covariance (K, K) of what leaving out each of G clusters changes (G, K); None where one is not known.

    >>> covariance_of(np.array([[0.1], [-0.1]])).round(3).tolist()
    [[0.01]]
    """
    g = len(changes)
    meat = changes.T @ changes
    return meat * (g - 1) / g if np.isfinite(meat).all() else None


def without_each(x: Array, groups: list[Array], mean: Array, value: Array, cluster: Array) -> Array | None:
    """By how much each coefficient would differ without each cluster: estimate less the estimate without it, linearised at the fit.

    Parameters
    ----------
    x, groups, mean, value, cluster : as for `cr3`

    Returns
    -------
    (G, K), clusters in the order of their codes; None where the model has too many parameters for it

    Examples
    --------
    >>> x, mean = np.array([[1.0], [1], [1], [1]]), np.full(4, 2.0)
    >>> without_each(x, [], mean, np.array([1.0, 3, 2, 2]), np.arange(4)).round(3)[:, 0].tolist()
    [-0.167, 0.167, 0.0, 0.0]
    """
    n, k = x.shape
    dummies = [sparse.csr_array((np.ones(n), (np.arange(n), g)), shape=(n, int(g.max()) + 1)) for g in groups]
    design = sparse.hstack([sparse.csr_array(x), *dummies]).tocsr()
    if design.shape[1] > MOST_PARAMETERS:
        return None
    root = np.sqrt(mean)
    weighted = (sparse.diags_array(root) @ design).tocsr()
    inverse = np.linalg.pinv((weighted.T @ weighted).toarray(), hermitian=True)
    half = np.asarray(weighted @ inverse)  # rows of W½ Z (Z'WZ)⁻¹
    residual = (value - mean) / np.maximum(root, 1e-150)
    order = np.argsort(cluster, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)
    sizes = np.array([len(rows) for rows in blocks])
    changes = np.zeros((len(blocks), k))
    columns, entries = _sparse_rows(x, groups, root)
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        for part in np.array_split(places, max(1, len(places) * int(size) ** 2 // MOST_AT_ONCE)):
            rows = np.array([blocks[place] for place in part])
            hat = np.einsum("gabj,gbj->gab", half[rows[:, :, None, None], columns[rows][:, None]], entries[rows])
            free = np.eye(int(size)) - hat
            # an effect within the cluster fits part of its residuals exactly: that part is nil and takes no making up
            made_up = np.linalg.pinv(free, rcond=1e-8, hermitian=True) @ residual[rows][:, :, None]
            changes[part] = np.einsum("gak,ga->gk", half[rows, :k], made_up[:, :, 0])
    return changes


def _sparse_rows(x: Array, groups: list[Array], root: Array) -> tuple[Array, Array]:
    """The columns in which each row of the weighted design is not nil, and what stands there: the covariates, then one dummy an effect."""
    n, k = x.shape
    columns, entries, start = [np.tile(np.arange(k), (n, 1))], [x * root[:, None]], k
    for codes in groups:
        columns.append((start + codes)[:, None])
        entries.append(root[:, None])
        start += int(codes.max()) + 1
    return np.hstack(columns), np.hstack(entries)
