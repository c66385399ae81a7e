"""Shares on the scale of log-odds, for models that know no bounds at 0 and 100 %; and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


def log_odds(percent: pd.Series, n: pd.Series) -> pd.Series:
    """Log-odds of percentages of n, with half an observation more on either side, so that none and all have them.

    >>> log_odds(pd.Series([50.0, 0.0]), pd.Series([20.0, 20.0])).round(2).tolist()
    [0.0, -3.71]
    """
    share = (percent / 100 * n + 0.5) / (n + 1)
    return pd.Series(np.log(share / (1 - share)), percent.index)


@dataclass(frozen=True)
class LogOdds:
    """The scale on which one series of percentages is entered: log-odds less those of its first year.

    The sign is turned where none would lie below 0, so that a model which takes series without negative values to end at 0 puts no floor there.

    Examples
    --------
    >>> percent, n = pd.Series([20.0, 30.0]), pd.Series([400.0, 400.0])
    >>> scale = LogOdds.of(percent, n)
    >>> back = scale.back(pd.DataFrame({"median": scale.entered(percent, n)}))
    >>> back["median"].round(1).tolist()
    [20.1, 30.0]
    """

    centre: float
    sign: float

    @classmethod
    def of(cls, percent: pd.Series, n: pd.Series) -> LogOdds:
        """The scale of a series, in order of time."""
        z = log_odds(percent.astype(float), n.astype(float))
        centre = float(z.iloc[0])
        return cls(centre, -1.0 if (z - centre).min() >= 0 else 1.0)

    def entered(self, percent: pd.Series, n: pd.Series) -> pd.Series:
        """Percentages of n on this scale."""
        return self.sign * (log_odds(percent.astype(float), n.astype(float)) - self.centre)

    def back(self, table: pd.DataFrame) -> pd.DataFrame:
        """Columns on this scale as percentages; where the sign was turned, those called lower and upper change places."""
        part = table.astype(float)
        if self.sign < 0:
            names = [str(c) for c in part]
            turned = [c.replace("lower", "X").replace("upper", "lower").replace("X", "upper") for c in names]
            part = part.set_axis(turned, axis=1)[names]
        return part.map(lambda z: 100 / (1 + float(np.exp(-(self.sign * z + self.centre)))))
