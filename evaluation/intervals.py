"""Figures with their uncertainty: 95 % confidence intervals for shares and for quantiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many, with Wilson's interval. `value` is None of nothing."""

    of: int
    hits: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval: it also holds for shares of 0 and 1, and says nothing (0 to 1) of nothing."""
        if not self.of:
            return 0.0, 1.0
        n, p, z2 = self.of, self.hits / self.of, _Z * _Z
        middle, half = p + z2 / (2 * n), _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
        return (0.0 if self.hits == 0 else low), (1.0 if self.hits == n else high)


@dataclass(frozen=True, kw_only=True)
class Quantile:
    """A quantile of values, and the interval between two of them; an end that too few values give is None."""

    value: float | None
    low: float | None
    high: float | None


def quantile(values: Sequence[float], q: float) -> Quantile:
    """Return the q-quantile, the smallest value that at least the share q of the values does not exceed.

    The interval is that of order statistics: it makes no assumption about how the values are spread.
    """
    ordered = sorted(values)
    if not ordered:
        return Quantile(value=None, low=None, high=None)
    n, tail = len(ordered), (1 - CONFIDENCE) / 2
    below = [_at_most(k, n, q) for k in range(n + 1)]
    low = max((k for k in range(1, n + 1) if below[k - 1] <= tail), default=None)
    high = min((k for k in range(1, n + 1) if 1 - below[k - 1] <= tail), default=None)
    return Quantile(
        value=ordered[max(math.ceil(q * n - 1e-9), 1) - 1],
        low=None if low is None else ordered[low - 1],
        high=None if high is None else ordered[high - 1],
    )


def _at_most(k: int, n: int, q: float) -> float:
    """Return how likely it is that at most k of n values lie below the quantile."""
    return sum(math.comb(n, i) * q**i * (1 - q) ** (n - i) for i in range(k + 1))
