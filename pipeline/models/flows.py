"""Who sends more than geography and size would have it: a gravity model of flows by Poisson pseudo-maximum likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.errors import InputError, SettingsError, did_you_mean
from pipeline.models.dispersion import calibrated, flow_interval, spread
from pipeline.models.jackknife import covariance_of, without_each
from pipeline.models.separation import separated

EFFECTS = ("origin", "destination", "year", "origin_year", "destination_year", "pair")
ESTIMATED = {"E"}  # observation status of values that are not observations
_EXACT = {"iwls_tol": 1e-10, "fixef_tol": 1e-10, "iwls_maxiter": 200, "separation_check": ["fe", "ir"]}
_LEAST_FREE = 10  # degrees of freedom for a test of form
_ID_COLUMNS = ("origin", "destination", "year", "value")


@dataclass(frozen=True)
class Gravity:
    """A fitted gravity model.

    Attributes
    ----------
    coefficients : term, estimate, std_error (clustered, jackknife), lower, upper (95 %), p, std_error_crv1 (the usual one). Of a logarithm: an elasticity; of a yes/no
        variable: exp(estimate) − 1 is the difference associated with it. None of them is a cause.
    expected : the flows with expected, lower, upper (95 % interval for the flow itself), ratio (observed to expected, null where
        expected is 0) and standing ("more", "fewer" or "as expected", null where unknown)
    n : flows that the coefficients rest on
    reset : statistic and p of Ramsey's RESET; a small p says the form is wrong. None where it cannot be computed
    fixed_effects : those taken in
    notes : what was left out and why, as (code, count or detail)
    influence : cluster, term, change: by how much leaving a cluster (a pair) out would move each coefficient, largest first; empty where it cannot be had
    spread : a and b of the variance a·mean + b·mean² of the flows about their expectation
    """

    coefficients: pd.DataFrame
    expected: pd.DataFrame
    n: int
    reset: tuple[float, float] | None
    fixed_effects: tuple[str, ...]
    notes: list[tuple[str, Any]] = field(default_factory=list)
    influence: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["cluster", "term", "change"]))
    spread: tuple[float, float] = (0.0, 0.0)


def gravity(
    flows: pd.DataFrame,
    covariates: Sequence[str] = (),
    fixed_effects: Sequence[str] | str = "auto",
    cluster: str = "pair",
) -> Gravity:
    """Fit ``value = exp(covariates + fixed effects)`` by Poisson pseudo-maximum likelihood, zeros kept.

    Parameters
    ----------
    flows : origin, destination, year, value ≥ 0, the covariates, and optionally status (E is estimated) or imputed (true or false)
    covariates : names of numeric columns, as they are to enter (take logarithms first)
    fixed_effects : "auto", or some of origin, destination, year, origin_year, destination_year, pair. Auto takes origin-year and
        destination-year effects where both ends vary (multilateral resistance), the year's where one end is fixed.
    cluster : the column or effect within which errors go together

    Returns
    -------
    Gravity

    Raises
    ------
    InputError
        A column is missing, a value is negative or not a number, a flow is given twice, or nothing is left to fit.
    SettingsError
        A fixed effect is not known.

    Notes
    -----
    Estimated and imputed flows are never fitted on; they get an expectation. Flows that only a coefficient at infinity could fit
    (separation) are left out and counted. See docs/models.md.

    References
    ----------
    Santos Silva & Tenreyro (2006), Review of Economics and Statistics 88(4); Correia, Guimarães & Zylkin (2020), Stata Journal 20(1);
    Beine, Bertoli & Fernández-Huertas Moraga (2016), The World Economy 39(4).

    Examples
    --------
    >>> flows = pd.DataFrame([(o, d, 2020, km, 1000 / km) for o, d, km in
    ...     [("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 4.0), ("b", "y", 3.0), ("c", "x", 2.0), ("c", "y", 5.0)]],
    ...     columns=["origin", "destination", "year", "km", "value"]).assign(log_km=lambda f: np.log(f.km))
    >>> gravity(flows, ["log_km"]).coefficients[["term", "estimate"]].round(3).values.tolist()
    [['log_km', -1.0]]
    """
    data, terms = _prepared(flows, covariates)
    effects = _effects(data, fixed_effects)
    fit_on, notes = _fittable(data, terms)
    apart = separated(fit_on[terms].to_numpy(), _codes(fit_on, effects), fit_on["value"].to_numpy())
    fit_on = _like(fit_on[~apart], fit_on)
    fit = _ppml(fit_on, terms, effects, cluster)
    used = _like(fit_on.drop(index=fit.na_index), fit_on)
    lost = int(apart.sum()) + int(fit.n_separation_na or 0)
    alone = len(fit_on) - len(used) - int(fit.n_separation_na or 0)
    notes += [(code, count) for code, count in (("separated", lost), ("singletons", alone)) if count]
    notes += [("collinear", fit.names.get(name, name)) for name in fit._collin_vars]
    coefficients, influence = _coefficients(fit, used, effects, cluster)
    if len(coefficients) and coefficients["std_error"].equals(coefficients["std_error_crv1"]):
        notes.append(("plain_errors", "CRV1"))
    expected, scatter = _expected(fit, data, used, len(coefficients) + _levels(used, effects))
    reset = _reset(fit, used, effects, cluster)
    return Gravity(coefficients, expected, len(used), reset, effects, notes, influence, scatter)


def _codes(data: pd.DataFrame, effects: tuple[str, ...]) -> list[np.ndarray]:
    return [pd.factorize(data[f"_{e}"])[0] for e in effects]


def _like(rows: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    rows.attrs = data.attrs
    return rows


def _prepared(flows: pd.DataFrame, covariates: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    if missing := [c for c in (*_ID_COLUMNS, *covariates) if c not in flows.columns]:
        raise InputError(
            "flows", f"have no column {', '.join(missing)}.", did_you_mean(missing[0], map(str, flows.columns))
        )
    data = flows.reset_index(drop=True).copy()
    for column in ("value", *covariates):
        try:
            data[column] = pd.to_numeric(data[column]).astype(float)
        except (TypeError, ValueError) as error:
            raise InputError(
                "flows", f"{column} is not numeric ({error}).", "Give numbers; leave unknown ones empty."
            ) from None
    if (data["value"] < 0).any():
        row = data[data["value"] < 0].iloc[0]
        raise InputError(
            "flows", f"{row.origin} to {row.destination} in {row.year} is negative.", "A flow is 0 or more."
        )
    twice = data[data.duplicated(["origin", "destination", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            "flows", f"{row.origin} to {row.destination} in {row.year} is given twice.", "Keep one row a pair and year."
        )
    origin, destination, year = (data[c].astype(str) for c in ("origin", "destination", "year"))
    data["_origin"], data["_destination"], data["_year"] = origin, destination, year
    data["_origin_year"], data["_destination_year"] = origin + "|" + year, destination + "|" + year
    data["_pair"] = origin + "|" + destination
    names = {f"_x{k}": name for k, name in enumerate(covariates)}  # any column name is fine in a formula
    for safe, name in names.items():
        data[safe] = data[name]
    data.attrs["names"] = names
    return data, list(names)


def _effects(data: pd.DataFrame, asked: Sequence[str] | str) -> tuple[str, ...]:
    if asked == "auto":
        years = data["_year"].nunique() > 1
        both = data["_origin"].nunique() > 1 and data["_destination"].nunique() > 1
        if both:
            return ("origin_year", "destination_year") if years else ("origin", "destination")
        return ("year",) if years else ()
    effects = (asked,) if isinstance(asked, str) else tuple(asked)
    for effect in effects:
        if effect not in EFFECTS:
            raise SettingsError("fixed_effects", f"{effect!r} is not known.", did_you_mean(str(effect), EFFECTS))
    return effects


def _fittable(data: pd.DataFrame, terms: list[str]) -> tuple[pd.DataFrame, list[tuple[str, Any]]]:
    estimated = pd.Series(False, index=data.index)
    if "status" in data:
        estimated |= data["status"].astype(str).isin(ESTIMATED)
    if "imputed" in data:
        estimated |= data["imputed"].fillna(False).astype(bool)
    unknown = data["value"].isna() & ~estimated
    lacking = data[terms].isna().any(axis=1) & ~estimated & ~unknown
    notes = [
        ("estimated", int(estimated.sum())),
        ("unknown_value", int(unknown.sum())),
        ("unknown_covariate", int(lacking.sum())),
    ]
    kept = _like(data[~(estimated | unknown | lacking)], data)
    if len(kept) <= len(terms) + 1 or not (kept["value"] > 0).any():
        raise InputError(
            "flows",
            f"{len(kept)} observed flows are left to fit, too few.",
            "Give more pairs or years, or fewer covariates.",
        )
    return kept, [(code, count) for code, count in notes if count]


def _within(data: pd.DataFrame, cluster: str) -> str:
    within = f"_{cluster}" if cluster in EFFECTS else cluster
    if within not in data:
        raise SettingsError(
            "cluster", f"{cluster!r} is neither a column nor an effect.", did_you_mean(cluster, EFFECTS)
        )
    return within


def _ppml(data: pd.DataFrame, terms: list[str], effects: tuple[str, ...], cluster: str) -> Any:
    import pyfixest

    within = _within(data, cluster)
    scaled = data.assign(_y=data["value"] / data["value"].mean())
    right = " + ".join(terms) or "1"
    formula = f"_y ~ {right}" + (f" | {' + '.join('_' + e for e in effects)}" if effects else "")
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)  # what is left out is told in the notes
        try:
            fit = pyfixest.fepois(formula, data=scaled, vcov={"CRV1": within}, **_EXACT)
        except (ValueError, RuntimeError, np.linalg.LinAlgError) as error:
            raise InputError(
                "flows", f"the model cannot be fitted to them ({error}).", "Take fewer covariates or effects."
            ) from None
    fit.scale = float(data["value"].mean())
    fit.names = data.attrs["names"]
    return fit


def _coefficients(
    fit: Any, used: pd.DataFrame, effects: tuple[str, ...], cluster: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimates with jackknife errors clustered as asked, the usual ones (CRV1) beside them; and what each cluster does to them."""
    tidy = fit.tidy()
    names = list(tidy.index)
    x = (
        np.column_stack([np.ones(len(used)) if name == "Intercept" else used[name].to_numpy() for name in names])
        if names
        else np.empty((len(used), 0))
    )
    groups = _codes(used, effects)
    within, labels = pd.factorize(used[_within(used, cluster)])
    mean = np.asarray(fit.predict(type="response"), dtype=float)
    changes = without_each(x, groups, mean, used["value"].to_numpy() / fit.scale, within)
    covariance = None if changes is None else covariance_of(changes)
    plain = tidy["Std. Error"].to_numpy(dtype=float)
    error = plain if covariance is None else np.sqrt(np.diag(covariance))
    estimate = tidy["Estimate"].to_numpy(dtype=float) + np.where(
        [n == "Intercept" for n in names], np.log(fit.scale), 0.0
    )
    df = max(len(np.unique(within)) - 1, 1)
    half = stats.t.ppf(0.975, df) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(estimate / error), df)
    terms = [fit.names.get(n, "constant" if n == "Intercept" else n) for n in names]
    table = pd.DataFrame(
        {
            "term": terms,
            "estimate": estimate,
            "std_error": error,
            "lower": estimate - half,
            "upper": estimate + half,
            "p": p,
            "std_error_crv1": plain,
        }
    )
    return table, _influence(changes, terms, labels)


def _influence(changes: np.ndarray | None, terms: list[str], labels: Any) -> pd.DataFrame:
    if changes is None:
        return pd.DataFrame(columns=["cluster", "term", "change"])
    wide = pd.DataFrame(changes, columns=terms).assign(cluster=[str(label) for label in labels])
    long = wide.melt(id_vars="cluster", var_name="term", value_name="change")
    order = long["change"].abs().sort_values(ascending=False, kind="stable").index
    return long.loc[order, ["cluster", "term", "change"]].reset_index(drop=True)


def _levels(data: pd.DataFrame, effects: tuple[str, ...]) -> int:
    return sum(data[f"_{e}"].nunique() for e in effects) - max(len(effects) - 1, 0)


def _expected(
    fit: Any, data: pd.DataFrame, fitted_on: pd.DataFrame, parameters: int
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Every flow beside its expectation, with an interval from the spread that flows of that size showed; and that spread."""
    mean = np.asarray(fit.predict(newdata=data.assign(_y=1.0), type="response"), dtype=float) * fit.scale
    mean_fitted = np.asarray(fit.predict(type="response"), dtype=float) * fit.scale
    whole = bool((fitted_on["value"] % 1 == 0).all())
    observed = fitted_on["value"].to_numpy()
    scatter = spread(observed, mean_fitted, parameters)
    lower, upper = calibrated(mean, *flow_interval(mean, *scatter, whole), observed, mean_fitted, whole)
    plain = data.drop(columns=[c for c in data if str(c).startswith("_")])
    value = data["value"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean > 0, value / mean, np.nan)
    known = ~np.isnan(value) & ~np.isnan(mean)
    standing = np.select(
        [known & (value > upper), known & (value < lower), known], ["more", "fewer", "as expected"], default=""
    )
    out = plain.assign(expected=mean, lower=lower, upper=upper, ratio=ratio)
    out.attrs.clear()
    return out.assign(standing=pd.Series(standing, index=out.index).replace("", None)), scatter


def _reset(fit: Any, used: pd.DataFrame, effects: tuple[str, ...], cluster: str) -> tuple[float, float] | None:
    """Ramsey's test: does the square of what the covariates say still tell something?

    The effects are left out of the square: each rests on few flows, and their noise would fail a right model.
    """
    terms = [name for name in fit.coef().index if name != "Intercept"]
    if not terms or len(used) - len(terms) - _levels(used, effects) < _LEAST_FREE:
        return None
    index = used[terms].to_numpy() @ fit.coef()[terms].to_numpy()
    more = used.assign(_square=(index - index.mean()) ** 2)
    more.attrs = {"names": fit.names}
    again = _ppml(more, [*terms, "_square"], effects, cluster)
    more = _like(more.drop(index=again.na_index), more)
    table = _coefficients(again, more, effects, cluster)[0].set_index("term")
    if "_square" not in table.index:
        return None
    estimate, error, p = table.loc["_square", ["estimate", "std_error", "p"]].to_numpy(dtype=float)
    return (float(estimate / error) ** 2, float(p)) if error > 0 else None
