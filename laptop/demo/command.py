"""`python -m laptop demo`: from nothing to a report."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from commerce.arrival import Hours
from laptop.cloud.starting import ROOT
from laptop.demo.lake import opened_lake
from laptop.demo.mistake import likely_mistake
from laptop.demo.people import differences
from laptop.demo.report import imbalances, report
from laptop.demo.summary import show_places, show_summary
from laptop.demo.traffic import ACCOUNT, TRUTH, Recorded, Sent, generate, replay
from laptop.demo.verdicts import Verdict, mistakes, verdicts
from laptop.demo.waiting import Readings, readings, wait_for_all
from laptop.ledger.balance import Ledger, balance
from laptop.ledger.sent import read_sent, read_truth
from laptop.ledger.sides import read_sides
from laptop.running import Laptop, LaptopError, running_laptop
from simulator.layout import LayoutName

FOLDER = ROOT / "build" / "demo"
console = Console(highlight=False)


class Steps:
    """Says what is going on, and how long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, text: str) -> Iterator[Callable[[str], None]]:
        """Show the text, and what is said meanwhile, while the step runs, and its duration afterwards."""
        began = time.monotonic()
        with console.status(f"{text} …") as status:
            yield lambda news: status.update(f"{text}: {news} …")
        self.seconds[name] = time.monotonic() - began
        console.print(f"[green]✓[/green] {text} [dim]{self.seconds[name]:.0f} s[/dim]")

    @contextmanager
    def loud(self, name: str, text: str) -> Iterator[None]:
        """Let the step speak for itself: it has a progress bar of its own."""
        console.print(f"  {text}")
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


def demo(
    input_file: Annotated[
        Path | None,
        typer.Option("--input", help="Replay this recorded file instead of made-up traffic."),
    ] = None,
    layout: Annotated[
        LayoutName | None, typer.Option(help="The recorded file's layout. Default: the one that its first lines show.")
    ] = None,
    work_dir: Annotated[Path, typer.Option("--work-dir", help="Where the report and all files go.")] = FOLDER,
) -> None:
    """See all of it at work on this machine: deploy, drive traffic with attacks in it, find them, ask the lake."""
    try:
        recorded = None if input_file is None else Recorded(file=input_file, layout=layout)
        if recorded is not None:
            recorded.check()
        elif layout is not None:
            raise LaptopError("--layout is that of a recorded file: name one with --input")
        wrong = _run(recorded, work_dir)
    except LaptopError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("Stopped. Nothing is left running.")
        raise typer.Exit(130) from None
    for line in wrong:
        console.print(line, style="red", markup=False)
    if wrong:
        raise typer.Exit(1)


def _run(recorded: Recorded | None, folder: Path) -> list[str]:
    """Run the demonstration, write its report; return what went wrong in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").unlink(missing_ok=True)
    steps = Steps()
    with ExitStack() as running:
        with steps.step("start", "Start AWS on this machine, deploy with the CDK, start the detector") as show:
            laptop = running.enter_context(running_laptop(work_dir=folder / "laptop", progress=show))
        sent = _send(laptop, recorded, folder, steps)
        figures = readings(laptop)
        with steps.step("wait", "Wait until every record is accounted for") as show:
            wait_for_all(figures, produced=sent.produced, show=show)
        mistake = likely_mistake(laptop, figures.stream.incidents.values())
        with steps.step("batch", f"Run the batch jobs{f' with {mistake} allowed by mistake' if mistake else ''}"):
            if mistake:
                mistake.make()
            _run_batch(laptop)
        if mistake:
            with steps.step("restate", "Take that back and run them again: the verdicts restate the numbers"):
                mistake.take_back()
                _run_batch(laptop)
        with steps.step("ask", "Ask the questions"), opened_lake(laptop) as lake:
            answer = report(laptop, lake, figures, produced=sent.produced)
            books = _balanced(laptop, sent, folder)
    answer["ledger"] = books.document()
    answer["seconds"] = {name: round(seconds, 1) for name, seconds in steps.seconds.items()}
    (folder / "report.json").write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    wrong = [*_conclude(answer, sent, figures), *(str(difference) for difference in books.differences)]
    # In recorded traffic another verdict may take the same events out, so that nothing follows.
    if sent.truth is not None and not answer["restatements"]:
        wrong.append("no number was restated")
    show_places(console, mail=laptop.mail, report=folder / "report.json")
    return wrong


def _run_batch(laptop: Laptop) -> None:
    laptop.start_glue_job(laptop.outputs["CurateJobName"])
    laptop.start_glue_job(laptop.outputs["MartsJobName"])


def _send(laptop: Laptop, recorded: Recorded | None, folder: Path, steps: Steps) -> Sent:
    with steps.loud("send", "Send the traffic"):
        if recorded is not None:
            return replay(laptop, recorded, folder=folder)
        return generate(laptop, folder=folder)


def _balanced(laptop: Laptop, sent: Sent, folder: Path) -> Ledger:
    """Return the ledger of all that happened, held against the truth where traffic was made up."""
    truth = read_truth([folder / TRUTH] if sent.truth is not None else [])
    return balance(read_sides(laptop, Hours()), read_sent([folder / ACCOUNT]), truth)


def _conclude(answer: dict[str, Any], sent: Sent, figures: Readings) -> list[str]:
    """Show the summary; return what does not add up, and attacks missed or made up."""
    wrong = imbalances(answer)
    judged: list[Verdict] | None = None
    if sent.truth is not None:
        judged, others = verdicts(sent.truth, figures.stream.incidents.values())
        missed = mistakes(judged, others)
        wrong += missed or differences(answer["answers"], sent.truth)
    show_summary(console, answer, judged=judged, truth=sent.truth)
    return wrong
