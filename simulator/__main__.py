"""The command line: `python -m simulator replay|generate|sample`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from simulator import console, runs
from simulator.layout import LayoutName
from simulator.options import (
    DEFAULT_ATTACKS,
    DEFAULT_START,
    FAMILIES,
    LOOK_ALIKES,
    Options,
    read_attacks,
    read_look_alikes,
)
from simulator.record import Fault
from simulator.sample import sample as cut_sample
from simulator.sinks import ReaderLeft

FIRST_INSTANT = DEFAULT_START.replace(tzinfo=None)
USUAL_ATTACKS = ", ".join(f"{family}={count}" for family, count in DEFAULT_ATTACKS.items())

app = typer.Typer(
    help="Drive traffic at the shop's events stream: recorded, or made up with the truth written beside it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

To = Annotated[
    str,
    typer.Option(
        help="Where the records go: kinesis:STREAM, file:PATH (JSON lines, gzip if PATH ends in .gz, written anew) or "
        "stdout. The AWS endpoint can be set with AWS_ENDPOINT_URL."
    ),
]
RateOption = Annotated[float | None, typer.Option(help="Records per second. Default: as fast as possible.")]
SpeedOption = Annotated[float | None, typer.Option(help="Times the speed of the events' own clock, instead of --rate.")]
AccountOption = Annotated[Path | None, typer.Option(help="Also write the final account to this JSON file.")]
RefusedOption = Annotated[
    Path, typer.Option(help="Where records that the stream refuses for good are kept, exact bytes and reason.")
]
REFUSED = runs.STATE_FOLDER / "refused.jsonl"


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Recorded CSV in one of the known layouts, plain or gzip.")],
    *,
    to: To = "stdout",
    layout: Annotated[
        LayoutName | None, typer.Option(help="The file's layout. Default: the one that its first line shows.")
    ] = None,
    speed: SpeedOption = None,
    rate: RateOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on after what an earlier run of this file to this target had acknowledged. A few records may be "
            "sent twice, with the same event ids; none is passed over. Those refused for good are not sent again.",
        ),
    ] = False,
    on_bad_row: Annotated[
        Literal["skip", "stop"],
        typer.Option(help="A row that is no event: skip it (reported, counted and kept), or stop there."),
    ] = "skip",
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Where bad rows are kept. Default: build/simulator/FILE-HASH.rejects.jsonl, with a hash for each path "
            "and target."
        ),
    ] = None,
    refused: RefusedOption = REFUSED,
    account: AccountOption = None,
) -> int:
    """Send a recorded file again, row by row, with event ids that are the same on every run."""
    delivery = runs.Delivery(to=to, rate=rate, speed=speed, account=account, refused=refused)
    return runs.run_replay(
        file, delivery, layout=layout, resume=resume, stop_at_bad_row=on_bad_row == "stop", rejects=rejects
    )


@app.command()
def generate(
    *,
    to: To = "stdout",
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file what was made: attacks, look-alikes, and what people did and bought by day. It "
            "says complete where all of it was sent: none refused, none unsent, and not interrupted."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and options give the same bytes.")] = 1,
    start: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            metavar="DAY|DAYTHH:MM:SS",
            help="First simulated instant, UTC, from 2000 to 2099. What is more than a day ahead when it arrives is "
            "rejected there.",
        ),
    ] = FIRST_INSTANT,
    hours: Annotated[float, typer.Option(help="Simulated hours, from a minute to a year.")] = 6.0,
    events: Annotated[
        int, typer.Option(help="About how many events people make, sale, attacks and look-alikes aside.")
    ] = 40_000,
    attacks: Annotated[
        str,
        typer.Option(
            metavar="FAMILY=COUNT,...",
            help=f"Attacks to plant, by the names of the rules that are to find them: {', '.join(FAMILIES)}; 'none' "
            "for none.",
        ),
    ] = USUAL_ATTACKS,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Make half of the attacks of some families in a variant that is for evaluation only: do not look at "
            "it to tune rules.",
        ),
    ] = False,
    look_alikes: Annotated[
        str,
        typer.Option(
            metavar="NAME=COUNT,...",
            help=f"People who look like bots, and a bot that is welcome: {', '.join(LOOK_ALIKES)}; 'none' for none.",
        ),
    ] = "none",
    sale: Annotated[bool, typer.Option(help="Hold a sale: people come in numbers, and buy.")] = True,
    late: Annotated[float, typer.Option(help="Share of the events that arrive 10 to 30 minutes late.")] = 0.002,
    duplicates: Annotated[float, typer.Option(help="Share of the events that are sent twice.")] = 0.003,
    poison: Annotated[float, typer.Option(help="Records that are no events, as a share of the events.")] = 0.001,
    speed: SpeedOption = None,
    rate: RateOption = None,
    refused: RefusedOption = REFUSED,
    account: AccountOption = None,
) -> int:
    """Make up a stretch of a shop's life: people, attackers, a sale, and the untidiness of real streams."""
    options = Options(
        seed=seed,
        start=start.replace(tzinfo=UTC),
        hours=hours,
        events=events,
        attacks=read_attacks("" if attacks == "none" else attacks),
        held_out=held_out,
        look_alikes=read_look_alikes("" if look_alikes == "none" else look_alikes),
        sale=sale,
        late=late,
        duplicates=duplicates,
        poison=poison,
    )
    delivery = runs.Delivery(to=to, rate=rate, speed=speed, account=account, refused=refused)
    return runs.run_generate(options, delivery, truth=truth)


@app.command()
def sample(
    source: Annotated[Path, typer.Argument(help="Recorded CSV in the Kaggle layout, plain or gzip.")],
    target: Annotated[Path, typer.Argument(help="The sample to write, gzip if it ends in .gz.")],
    users: Annotated[float, typer.Option(help="The fraction of the users to keep, as in 0.01 for one in a hundred.")],
) -> int:
    """Cut a sample out of a big file, by whole users: every row of whoever is in it, in the same order."""
    with console.bar("sample") as progress:
        cut = cut_sample(source, target, users=users, progress=progress)
    console.say(f"{target}: kept {cut.kept:,} of {cut.read:,} rows, {cut.bad_rows:,} bad rows left out")
    return 0


def main() -> None:
    """Run the command; whatever the user can put right is one line on standard error."""
    try:
        code = app(standalone_mode=False)
    except ReaderLeft:
        sys.stderr.close()  # Python would complain there about what it cannot write any more
        code = 0
    except Fault as fault:
        console.say(_line(f"simulator: {fault}"))
        code = 1
    except typer.TyperException as error:
        console.say(_line(f"simulator: {error.format_message()}"))
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = runs.INTERRUPTED_EXIT_CODE
    sys.exit(code)


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
