"""The page about the detector's quality, docs/evaluation.md, written from a measurement: no figure is typed by hand."""

import textwrap
from collections.abc import Iterator

from commerce.rules.card_testing import CARD_TESTING
from commerce.rules.page import markdown_table
from commerce.rules.price_watching import PRICE_WATCHING
from commerce.rules.request_flood import REQUEST_FLOOD
from commerce.rules.rule import Rule
from evaluation import wording
from evaluation.gate import bounds
from evaluation.measuring import Evaluation
from evaluation.scores import BaselineScore, Family, Scores
from simulator.attacks import carts, floods, readers

_ENGINES = {
    "flink": "the real detector on Flink",
    "quick": "the quick detector, which a parity test holds to the incidents of the real one",
}
_INTRODUCTION = """\
# How good the detector is

This page is written by a measurement; `make evaluate` measures again and writes it anew, and
`build/evaluation/report.json` and `build/evaluation/details.json` hold the same figures for programs.
"""
_METHOD = """\
## What is measured, and how

The simulator makes up days with planted attacks of every family, with people who look like bots, a sale, duplicates,
late events and records that are none. It writes down who did what. An incident is right when its subject is an
attack's subject or one of its users, sessions and addresses, it opens after the attack began, and it ends while its
window still reaches back to the attack. Any other is false, one that goes on for longer too, and the people behind its
subject are wrongly flagged: a user's sessions, a session, the sessions of an address, or everybody who is there where
it is about the site.

- **Recall** is the share of the planted attacks that any incident is about. **Precision** is the share of right ones
  among the incidents about a family's attacks and the false ones of its rule. F1 is their harmonic mean, and that over
  the families is the mean of theirs, held-out variants aside.
- **Seconds to detect** are of event time, from the attack's first event to the opening of the first incident about
  it. The first excess is the event at which the attack itself reaches the leading threshold of its rule: nothing that
  keeps to the threshold could be earlier. The detector judges at the end of a pane, and waits some seconds of event
  time for what comes late before it speaks.
- **Each** is how many incidents there are for one attack.
- A mean over the families hides one that is poor at something, so **what is guarded** is the worst of them, too: its
  recall or precision, how many incidents it makes of an attack, and how many panes of its rule pass between the first
  excess and the incident. That is one at most, but for rules that wait for more than their threshold: for an hour of
  activity (slow_scraping, price_watching), or for a crowd of several times the usual (site_surge).
- Intervals are of 95 %: Wilson's for shares, order statistics for quantiles, where a dash is an end that so few
  attacks do not give.
- **Held-out variants** of some families are planted in evaluation only. Nobody looks at them while tuning.
- The **baseline** counts the requests of each address over the last five minutes, as AWS WAF's rate rule does, and is
  shown with the usual limit and with the lowest at which it flags no more people than the detector does.

"""
_REAL = """\
The recorded files are real shops in which nobody attacked. Every file of the folder that begins like a recording is
measured; one that cannot be read to its end, or in which no row is an event, is left out. The CERTH sessions are
labelled visits of people and web bots to a copy of an encyclopedia. Read as page views, a session scores how near it
came to any rule about users. Where these files are not on the machine, they are left out; `--recorded` and `--certh`
name their places.

```sh
make evaluate                                                    # the real detector, and this page
python -m evaluation measure --engine quick --seeds 1,2 --events 50000   # for development: half a minute, no page
python -m evaluation gate                                        # what the build guards
```

`measure` takes `--events` for how many events people make a day, `--attacks` for how many of each family,
`--look-alikes` for how many of each kind, `--held-out` to plant the held-out variants, `--work-dir` for where the
reports go, and `--page` for where to write this page. `--engine flink` is the real detector. `gate` takes `--seeds`,
`--hours` and `--events`, and fails where a bound of the table above is missed. Both try other thresholds with
`--threshold`, as in `--threshold request_flood.events=150`.
"""


def page(evaluation: Evaluation) -> str:
    """Return the page as Markdown."""
    scores = evaluation.scores
    parts = (
        _INTRODUCTION,
        *_bounds(scores),
        *_families(scores),
        *_people(scores),
        *_baselines(scores),
        *_real(evaluation),
        _METHOD,
        _strength(),
        _REAL,
        f"Measured with {_ENGINES[evaluation.engine]}, on {_days(evaluation)}.\n",
    )
    return "\n".join(parts).rstrip("\n") + "\n"


def _strength() -> str:
    least = (
        f"at least {floods.PER_MINUTE[0]} requests a minute where the threshold is {_threshold(REQUEST_FLOOD)}, "
        f"a tester of cards pays at least {carts.CARDS[0]} times where it is {_threshold(CARD_TESTING)}, "
        f"and a watcher of prices looks at least {readers.LEAST_LOOKS} times where it is {_threshold(PRICE_WATCHING)}"
    )
    text = (
        f"What is planted is stronger than its rule asks for, in every family: a request flood has {least}. A recall "
        "of 1.00 therefore says that the detector finds what its rules describe, and that it still does so after a "
        "change. It is no promise about an attacker who keeps below a threshold: that rule does not find one."
    )
    return textwrap.fill(text, width=120) + "\n"


def _threshold(rule: Rule) -> str:
    return f"{rule.leading.threshold:g}"


def _days(evaluation: Evaluation) -> str:
    plan, scores = evaluation.plan, evaluation.scores
    seeds = ", ".join(map(str, plan.seeds))
    variants = "with held-out variants" if plan.held_out else "without held-out variants"
    return f"{scores.days} days of {plan.hours:g} hours (seeds {seeds}), {scores.events:,} events, {variants}"


def _bounds(scores: Scores) -> Iterator[str]:
    header = ("what is guarded", "measured", "bound", "")
    yield from markdown_table(
        header,
        ((each.name, each.figure, each.limit, "kept" if each.kept else "**missed**") for each in bounds(scores)),
    )


def _families(scores: Scores) -> Iterator[str]:
    yield "## Attacks\n"
    header = (
        "family",
        "planted",
        "recall",
        "precision",
        "seconds, median",
        "seconds, p95",
        "from first excess",
        "each",
    )
    yield from markdown_table(header, (_family(family) for family in scores.families))
    false = ", ".join(f"{rule} {number}" for rule, number in scores.false_incidents) or "none"
    yield f"Recall over all attacks: {wording.share(scores.recall)}. False incidents by rule: {false}.\n"


def _family(family: Family) -> tuple[str, ...]:
    times = family.seconds_to_detect
    return (
        family.name + (" (held out)" if family.held_out else ""),
        str(family.planted),
        wording.share(family.recall),
        wording.share(family.precision),
        wording.seconds(times.p50),
        wording.seconds(times.p95),
        wording.seconds(family.seconds_from_excess.p50),
        f"{family.incidents / family.planted:.1f}",
    )


def _people(scores: Scores) -> Iterator[str]:
    yield "## People\n"
    yield (
        f"Of {scores.people.of:,} sessions of people, {scores.people.hits:,} were wrongly flagged: "
        f"{wording.rate(scores.people)} per 10,000.\n"
    )
    yield from markdown_table(
        ("who looks like a bot", "sessions", "wrongly flagged", "share"),
        (
            (each.name, f"{each.flagged.of:,}", f"{each.flagged.hits:,}", wording.share(each.flagged))
            for each in scores.look_alikes
        ),
    )


def _baselines(scores: Scores) -> Iterator[str]:
    yield "## What a shop would otherwise use\n"
    header = ("limit in 5 minutes", "recall", "seconds, median", "Floorwalker on the same attacks", "people per 10,000")
    yield from markdown_table(header, (_baseline(score) for score in (scores.baseline_usual, scores.baseline)))


def _baseline(score: BaselineScore) -> tuple[str, ...]:
    return (
        f"{score.limit:g}",
        wording.share(score.recall),
        wording.seconds(score.p50),
        wording.seconds(score.p50_of_ours),
        wording.rate(score.people),
    )


def _real(evaluation: Evaluation) -> Iterator[str]:
    yield "## Real traffic\n"
    rows = [(each.file, wording.recorded(each)) for each in evaluation.recorded]
    yield from markdown_table(("what", "result"), [*rows, ("CERTH sessions", wording.certh(evaluation.certh))])
