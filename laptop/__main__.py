"""`python -m laptop`: AWS on this machine."""

import typer

from laptop.commands import down, status, up
from laptop.demo.command import demo
from laptop.ledger.command import ledger


def application() -> typer.Typer:
    """Return the command line with all its commands."""
    commands = typer.Typer(
        help="AWS on a laptop: the real templates, the real programs.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in (demo, up, down, status, ledger):
        commands.command()(command)
    return commands


if __name__ == "__main__":
    application()()
