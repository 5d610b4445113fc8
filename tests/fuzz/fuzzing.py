"""Looks for input that breaks a promise of `bad_input.py`, by what code each input reaches: `make fuzz`.

atheris lets libFuzzer change what was seen to reach something new. libFuzzer ends its process, so each subject
has one of its own. What a run learns stays in its folder, and the next one goes on from there.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

TESTS = Path(__file__).resolve().parent.parent
# Libraries are let be: what they do with bad input is theirs, and without them it goes much faster.
OURS = ["commerce", "flink_app", "glue_jobs", "lambdas", "simulator", "bad_input", "fuzz_subjects"]
# An input that takes longer hangs. This is of the wall clock, and the machine may be busy.
HANGS_AFTER_SECONDS = 60
ABSENT = "NOT FUZZED: atheris is not installed, it is there for Linux on x86_64 only; `make test` tries chosen input"
FOUND = re.compile(r"Test unit written to (.+)")
TRIED = re.compile(r"stat::number_of_executed_units: (\d+)")

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Folder = Annotated[Path, typer.Option(help="Where what was learnt, and what was found, is kept.")]


@app.command()
def run(
    seconds: Annotated[int, typer.Option(help="For all subjects together.")] = 60,
    runs: Annotated[int, typer.Option(help="Instead: so many inputs of each, in an empty folder always the same.")] = 0,
    folder: Folder = Path("build/fuzz"),
) -> None:
    """Try every subject in turn; end with 1 if input was found that breaks a promise."""
    if find_spec("atheris") is None:
        typer.echo(ABSENT, err=True)
        raise typer.Exit(1)
    from fuzz_subjects import SUBJECTS

    names = list(SUBJECTS)
    bound = f"-runs={runs} -seed=1" if runs else f"-max_total_time={max(seconds // len(names), 1)}"
    if failed := [name for name in names if not _tried(name, bound, folder / name)]:
        typer.echo(f"Broken: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


@app.command()
def repeat(name: str, file: Path) -> None:
    """Try one input of a subject again, without atheris: it ends with the error, or says that there is none."""
    from fuzz_subjects import SUBJECTS

    SUBJECTS[name].check(file.read_bytes())
    typer.echo(f"{name}: {file} breaks no promise")


@app.command(hidden=True)
def one(name: str, bound: str, folder: Path) -> None:
    """Try one subject, until libFuzzer ends this process."""
    import atheris

    with atheris.instrument_imports(include=OURS):
        from fuzz_subjects import SUBJECTS, WORDS
    corpus, words = folder / "corpus", folder / "words.txt"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SUBJECTS[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS)
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    options = [*bound.split(), f"-timeout={HANGS_AFTER_SECONDS}", "-print_final_stats=1", f"-dict={words}"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/", str(corpus)], SUBJECTS[name].check)
    atheris.Fuzz()


def _tried(name: str, bound: str, folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "one", name, "--", bound, str(folder)]
    # The order of a set's items, and with it what is reached, must not be another each time.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    log = done.stdout.decode(errors="replace")
    (folder / "log.txt").write_text(log)
    tried, found = TRIED.search(log), FOUND.search(log)
    if done.returncode == 0 and tried:
        typer.echo(f"{name}: {int(tried[1]):,} inputs, no promise broken")
        return True
    typer.echo(f"{name}: {_error(log)} ({folder}/log.txt has all of it)", err=True)
    if found:
        typer.echo(f"  the input:   {Path(found[1]).read_bytes()!r}", err=True)
        typer.echo(f"  to repeat:   python {os.path.relpath(__file__)} repeat {name} {found[1]}", err=True)
    return False


def _error(log: str) -> str:
    """Return the line that says what went wrong: that of the exception, or else of libFuzzer, or else the last."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    said = [line for line in lines if "ERROR: libFuzzer" in line]
    uncaught = [after for line, after in pairwise(lines) if "Uncaught Python exception" in line]
    return [*lines[-1:], *said, *uncaught][-1] if lines else "ended without a word"


if __name__ == "__main__":
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    app()
