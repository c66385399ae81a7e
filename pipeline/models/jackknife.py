"""Clustered standard errors for Poisson models with many fixed effects, made up for what the effects absorb (CR3, the jackknife).

The usual clustered errors of a gravity model are too small: every effect is fitted to a few flows, so the residuals that go into them
are shrunk, most of all those of the largest flows. Dividing by one minus the leverage undoes it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

Array = np.ndarray
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
    weighted = sparse.diags_array(root) @ design
    inverse = np.linalg.pinv((weighted.T @ weighted).toarray(), hermitian=True)
    half = np.asarray(weighted @ inverse)  # rows of W½ Z (Z'WZ)⁻¹
    residual = (value - mean) / np.maximum(root, 1e-150)
    order = np.argsort(cluster, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)
    changes = np.zeros((len(blocks), k))
    for place, rows in enumerate(blocks):
        hat = half[rows] @ weighted[rows].toarray().T
        free = np.eye(len(rows)) - hat
        # an effect within the cluster fits part of its residuals exactly: that part is nil and takes no making up
        changes[place] = half[rows, :k].T @ (np.linalg.pinv(free, rcond=1e-8, hermitian=True) @ residual[rows])
    return changes
