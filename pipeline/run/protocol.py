"""Names that the fork server and its clients share."""

from __future__ import annotations

ADDRESS = "MOBILITY_FORK_SERVER"  # environment variable: the path of the server's socket
# Notebooks run side by side, one a core: a linear algebra library that takes all cores for each would slow all of them,
# and its threads would make a fork unsafe.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
