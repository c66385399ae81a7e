"""A study of one table of flows: the gravity model in its specifications, its assumptions checked, and what it would expect of a subject's partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.errors import InputError
from pipeline.models.covariates import GEOGRAPHY, PUBLISHED, SIZE, usable, with_covariates
from pipeline.models.flows import Gravity, gravity

FEWEST_PARTNERS, FEWEST_SENDING = 40, 20  # at the end that varies: known in all, and with students
FEWEST_ENDS = 5  # countries at each end for both to vary
YEARS_ONE_END, YEARS_BOTH = 10, 3
SURE = 0.05  # p below which a check of form fails
LABELS = ["publisher", "measure", "level", "direction"]
GRAVITY = [
    *LABELS,
    "specification",
    "term",
    "estimate",
    "lower",
    "upper",
    "std_error",
    "p",
    "flows",
    "pairs",
    "first_year",
    "last_year",
    "effects",
    "published_sign",
    "published_low",
    "published_high",
    "published_in",
    "agrees",
]
CHECKS = [*LABELS, "specification", "check", "statistic", "p", "holds", "detail"]
EXPECTED = [
    *LABELS,
    "year",
    "origin",
    "destination",
    "actual",
    "expected",
    "lower",
    "upper",
    "ratio",
    "verdict",
    "terms",
]
REASONS = {
    "no_flows": "No table of flows between countries is at hand.",
    "too_few_partners": f"The table names too few partners for a gravity model: at least {FEWEST_PARTNERS} are needed, {FEWEST_SENDING} of them with students.",
    "not_fitted": "The model could not be fitted to the table.",
    "no_home": "The records do not say in which country the institution lies.",
}


@dataclass(frozen=True)
class Study:
    """What a table of flows gives.

    Attributes
    ----------
    coefficients : one row a specification and term (columns `GRAVITY`)
    checks : one row a check (columns `CHECKS`); holds is null for what is counted, not judged; "reach" says why nothing was fitted
    expected : every flow of the last year beside what geography and size would have it (columns `EXPECTED`), unprotected
    """

    coefficients: pd.DataFrame
    checks: pd.DataFrame
    expected: pd.DataFrame


def study_flows(flows: pd.DataFrame, labels: Mapping[str, str], context: pd.DataFrame | None = None) -> Study:
    """Fit the gravity model to one table of flows, in every specification that the table can bear.

    Parameters
    ----------
    flows : origin, destination, year, value and optionally status; of one publisher, measure and level
    labels : publisher, measure, level, direction, to be written into each row
    context : the processed context table, for wealth, population and recognition of degrees

    Returns
    -------
    Study. Specifications: "main" (distance, border, language, colonial tie where the context tells of it; population and wealth of the end that varies, where one does), from which the expectations come; "time" (with
    the difference in time), "recognition" (with mutual recognition of degrees), "prior" (with the flow of five years before). Where both ends vary, origin-year and
    destination-year effects stand for all that is a country's own; where one does, the year's effects do, and no effects of partners: nothing that is fixed could be told from them.

    Examples
    --------
    >>> few = pd.DataFrame({"origin": ["KOR", "DEU"], "destination": "CHN", "year": 2018, "value": [9.0, 4.0]})
    >>> study_flows(few, {"publisher": "P", "measure": "stock", "level": "all", "direction": "inbound"}).checks[["check", "holds", "detail"]].values.tolist()
    [['reach', False, 'too_few_partners']]
    """
    named = {name: labels.get(name, "all") for name in LABELS}
    both = min(flows["origin"].nunique(), flows["destination"].nunique()) >= FEWEST_ENDS if len(flows) else False
    reason = _reach(flows)
    if reason:
        return _without(named, reason)
    data = with_covariates(flows, context)
    last = int(data["year"].max())
    data = data[data["year"].gt(last - (YEARS_BOTH if both else YEARS_ONE_END))].reset_index(drop=True)
    ties = ("colonial_tie",) if "colonial_tie" in data else ()
    base = (*GEOGRAPHY, *ties) if both else (*GEOGRAPHY, *ties, *SIZE)
    terms, left_out = usable(data, base)
    try:
        main = gravity(data, terms)
    except InputError as error:
        return _without(named, "not_fitted", error.problem)
    coefficients = [_coefficients(main, "main", data)]
    checks = _checks(main, data) + [_check("main", code, detail=name) for code, name in left_out]
    for specification, extra in (("time", "time_difference"), ("recognition", "recognised"), ("prior", "log_prior")):
        recent = data[data["year"].eq(last)].reset_index(drop=True) if both else data
        more, why = usable(recent, (extra,))
        if why and why[0][0] == "not_at_hand":
            continue
        if not more:
            checks.append(_check(specification, why[0][0], detail=extra))
            continue
        fitted = gravity(recent, [*terms, extra])
        coefficients.append(_coefficients(fitted, specification, recent))
        checks += _reset(fitted, specification)
    return Study(
        pd.concat(coefficients, ignore_index=True).assign(**named)[GRAVITY],
        _as_checks(checks, named),
        _expected(main, last, terms).assign(**named)[EXPECTED],
    )


def _reach(flows: pd.DataFrame) -> str:
    """Why no model can be fitted; empty where one can."""
    known = flows[flows["value"].notna()] if len(flows) else flows
    if known.empty:
        return "no_flows"
    ends = ("origin", "destination")
    varying = max(ends, key=lambda end: known[end].nunique())
    sending = known.loc[known["value"].gt(0), varying].nunique()
    return "too_few_partners" if known[varying].nunique() < FEWEST_PARTNERS or sending < FEWEST_SENDING else ""


def _without(named: dict[str, str], reason: str, detail: str = "") -> Study:
    checks = [_check("main", "reach", holds=False, detail=reason)]
    if detail:
        checks.append(_check("main", "message", detail=detail))
    empty = pd.DataFrame(columns=GRAVITY), pd.DataFrame(columns=EXPECTED)
    return Study(empty[0], _as_checks(checks, named), empty[1])


def _coefficients(model: Gravity, specification: str, data: pd.DataFrame) -> pd.DataFrame:
    table = model.coefficients.drop(columns="std_error_crv1")
    table = table[table["term"].ne("constant")].reset_index(drop=True)
    found = [PUBLISHED.get(term) for term in table["term"]]
    table = table.assign(
        published_sign=pd.array([f.sign if f else None for f in found], dtype="Int64"),
        published_low=pd.array([f.low if f else None for f in found], dtype="float64"),
        published_high=pd.array([f.high if f else None for f in found], dtype="float64"),
        published_in=[f.source if f else "" for f in found],
        agrees=pd.array([_agrees(e, f) for e, f in zip(table["estimate"], found, strict=True)], dtype="boolean"),
    )
    return table.assign(
        specification=specification,
        flows=model.n,
        pairs=len(data[["origin", "destination"]].drop_duplicates()),
        first_year=int(data["year"].min()),
        last_year=int(data["year"].max()),
        effects=" ".join(model.fixed_effects),
    )


def _agrees(estimate: float, found: Any) -> bool | None:
    """Whether an estimate has the published sign and lies in the published range, where there is one."""
    if found is None:
        return None
    if found.low is None:
        return bool(estimate * found.sign > 0)
    return bool(found.low <= estimate <= found.high)


def _check(
    specification: str,
    check: str,
    value: float | None = None,
    p: float | None = None,
    holds: bool | None = None,
    detail: str = "",
) -> dict[str, Any]:
    return {
        "specification": specification,
        "check": check,
        "statistic": value,
        "p": p,
        "holds": holds,
        "detail": detail,
    }


def _as_checks(checks: list[dict[str, Any]], named: dict[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(checks).astype({"statistic": "float64", "p": "float64", "holds": "boolean"})
    return table.assign(**named)[CHECKS]


def _reset(model: Gravity, specification: str) -> list[dict[str, Any]]:
    if model.reset is None:
        return []
    statistic, p = model.reset
    return [_check(specification, "reset", statistic, p, p >= SURE)]


def _checks(model: Gravity, data: pd.DataFrame) -> list[dict[str, Any]]:
    """What the model assumes, and whether it is so."""
    found = _reset(model, "main")
    for code, detail in model.notes:
        counted = isinstance(detail, int)
        found.append(_check("main", code, float(detail) if counted else None, detail="" if counted else str(detail)))
    known = model.expected[model.expected["expected"].notna() & model.expected["value"].notna()]
    found.append(_check("main", "zeros_share", 100 * float(data["value"].eq(0).sum() / data["value"].notna().sum())))
    positive = known[known["expected"].gt(0)]
    scatter = float(((positive["value"] - positive["expected"]) ** 2 / positive["expected"]).mean())
    found.append(_check("main", "overdispersion", scatter, holds=None if scatter != scatter else scatter < 1.5))
    held = 100 * float(known["value"].between(known["lower"], known["upper"]).mean())
    found.append(_check("main", "interval_held", held, holds=93 <= held <= 99))
    errors = model.coefficients.set_index("term")["std_error"]
    if len(model.influence):
        worst = model.influence.assign(size=model.influence["change"].abs() / model.influence["term"].map(errors))
        top = worst.nlargest(1, "size")
        size, where = float(top["size"].iloc[0]), f"{top['cluster'].iloc[0]} {top['term'].iloc[0]}"
        found.append(_check("main", "influence", size, holds=size < 1, detail=where))
    return found


def _expected(model: Gravity, year: int, terms: list[str]) -> pd.DataFrame:
    rows = model.expected[model.expected["year"].eq(year) & model.expected["expected"].notna()]
    verdict = rows["standing"].map({"more": "more", "fewer": "fewer", "as expected": "as_expected"})
    table = rows.rename(columns={"value": "actual"}).assign(verdict=verdict, terms=" ".join(terms))
    return table[[c for c in EXPECTED if c not in LABELS]].reset_index(drop=True)


def partners_expected(expected: pd.DataFrame, subject: str) -> pd.DataFrame:
    """The flows of one country: who comes (direction inbound, partner the origin) and who goes (outbound, partner the destination).

    Parameters
    ----------
    expected : as in `Study`, of published counts
    subject : an alpha-3 code

    Examples
    --------
    >>> flows = pd.DataFrame({"origin": ["KOR", "CHN"], "destination": ["CHN", "USA"], "actual": [9.0, 7.0]})
    >>> partners_expected(flows, "CHN")[["direction", "partner", "actual"]].values.tolist()
    [['inbound', 'KOR', 9.0], ['outbound', 'USA', 7.0]]
    """
    inbound = expected[expected["destination"].eq(subject)]
    outbound = expected[expected["origin"].eq(subject)]
    found = [
        inbound.assign(direction="inbound", partner=inbound["origin"]),
        outbound.assign(direction="outbound", partner=outbound["destination"]),
    ]
    return pd.concat(found, ignore_index=True).drop(columns=["origin", "destination"])


def shown_expected(expected: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """An institution's expectations, of those partners only whose numbers are out.

    Parameters
    ----------
    expected : direction, partner, year, actual and the expectation, unprotected
    published : the protected ranking of partner countries of the year ("partners" of `measures.counted`, then `protect`)

    Returns
    -------
    `expected` with the published number as actual and the ratio and verdict that follow from it. A partner whose number is hidden is left out
    whole; one that is not in the ranking had no stay in this year or the year before, which the ranking tells as well, and stays with 0.

    Examples
    --------
    >>> expected = pd.DataFrame({"direction": "inbound", "partner": ["KOR", "DEU", "FRA"], "year": 2024, "actual": [9.0, 3.0, 0.0],
    ...     "expected": [4.0, 4.0, 2.0], "lower": [1.0, 1.0, 0.0], "upper": [8.0, 8.0, 6.0]})
    >>> out = pd.DataFrame({"direction": "inbound", "partner": ["KOR", "DEU"], "year": 2024, "value": [9.0, None]})
    >>> shown_expected(expected, out)[["partner", "actual", "verdict"]].values.tolist()
    [['KOR', 9.0, 'more'], ['FRA', 0.0, 'as_expected']]
    """
    out = published[["direction", "partner", "year", "value"]].drop_duplicates(["direction", "partner", "year"])
    joined = expected.merge(out, on=["direction", "partner", "year"], how="left", indicator="_listed")
    unlisted = joined["_listed"].eq("left_only")
    joined["actual"] = joined["value"].where(~unlisted, joined["actual"].where(joined["actual"].eq(0)))
    kept = joined[joined["actual"].notna()].drop(columns=["value", "_listed"])
    verdict = pd.Series("as_expected", index=kept.index)
    verdict = verdict.mask(kept["actual"].gt(kept["upper"]), "more").mask(kept["actual"].lt(kept["lower"]), "fewer")
    return kept.assign(verdict=verdict, ratio=kept["actual"] / kept["expected"]).reset_index(drop=True)
