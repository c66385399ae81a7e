"""Flows of zero that a Poisson model can fit only with a coefficient at infinity (separation)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

Array = np.ndarray
MOST_ZEROS = 20_000  # above it the programme takes minutes, and pyfixest's own iterative check has to do


def separated(x: Array, groups: list[Array], value: Array) -> Array:
    """Which observations are separated: true where some combination of the regressors is positive there, nowhere negative
    among the zeros, and nil wherever the value is positive.

    A linear programme finds the largest such set at once: maximise Σ t subject to 0 ≤ t ≤ 1, t ≤ Xγ for zeros, Xγ = 0 for
    positive values.

    Parameters
    ----------
    x : (N, K) covariates; groups : (N,) integer codes of each fixed effect; value : (N,) observed, ≥ 0

    Returns
    -------
    (N,) bool; leaving these out changes neither the likelihood nor the estimates that exist. With more zeros than
    ``MOST_ZEROS`` none is looked for.

    References
    ----------
    Correia, Guimarães & Zylkin (2019), Verifying the existence of maximum likelihood estimates for generalized linear models,
    arXiv:1903.01633; Konis (2007), DPhil thesis, University of Oxford, on the linear programme.

    Examples
    --------
    >>> x = np.array([[2.0], [1], [3], [0], [0], [0]])
    >>> separated(x, [], np.array([0.0, 0, 0, 1, 2, 3])).tolist()
    [True, True, True, False, False, False]
    """
    n = len(value)
    zero = value == 0
    found = np.zeros(n, dtype=bool)
    if not 0 < zero.sum() <= MOST_ZEROS:
        return found
    size = np.abs(x).max(axis=0, initial=0.0)
    dummies = [sparse.csr_array((np.ones(n), (np.arange(n), g)), shape=(n, int(g.max()) + 1)) for g in groups]
    constant = [] if groups else [sparse.csr_array(np.ones((n, 1)))]
    design = sparse.hstack([sparse.csr_array(x / np.where(size > 0, size, 1.0)), *constant, *dummies]).tocsr()
    k, m = design.shape[1], int(zero.sum())
    upper = sparse.hstack([-design[zero], sparse.eye_array(m)]).tocsr()
    equal = sparse.hstack([design[~zero], sparse.csr_array((n - m, m))]).tocsr()
    answer = linprog(
        np.concatenate([np.zeros(k), -np.ones(m)]),
        A_ub=upper,
        b_ub=np.zeros(m),
        A_eq=equal if n > m else None,
        b_eq=np.zeros(n - m) if n > m else None,
        bounds=[(None, None)] * k + [(0, 1)] * m,
        method="highs",
    )
    found[zero] = answer.x[k:] > 0.5
    return found
