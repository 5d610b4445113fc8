"""The commands that keep AWS on the laptop running for exploring, end it, and say how it is."""

import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from laptop.network import client
from laptop.running import DEFAULT_WORK_DIR, Laptop, LaptopError, bring_down, read_state, running_laptop

console = Console(highlight=False, soft_wrap=True)
WorkDir = Annotated[
    Path, typer.Option("--work-dir", help="Where everything that runs keeps its files; `up` empties this folder.")
]


def up(
    work_dir: WorkDir = DEFAULT_WORK_DIR,
    port: Annotated[int | None, typer.Option(help="Port of AWS; a free one by default.")] = None,
    flink_port: Annotated[int | None, typer.Option(help="Port of the Flink web pages; a free one by default.")] = None,
) -> None:
    """Start AWS on the laptop, deploy the application to it, and keep it running until Ctrl-C or `down`."""
    try:
        with (
            console.status("Starting") as status,
            running_laptop(work_dir=work_dir, progress=status.update, port=port, flink_port=flink_port) as laptop,
        ):
            status.stop()
            _welcome(laptop)
            signal.pause()
    except LaptopError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("Everything is down.")


def down(work_dir: WorkDir = DEFAULT_WORK_DIR) -> None:
    """End what `up` started."""
    try:
        found = bring_down(work_dir)
    except LaptopError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    console.print("Everything is down." if found else f"Nothing is running in {work_dir}.")


def status(work_dir: WorkDir = DEFAULT_WORK_DIR) -> None:
    """Say what is running, as the AWS API tells it."""
    state = read_state(work_dir)
    if state is None or "endpoint_url" not in state:
        console.print(f"Nothing is running in {work_dir}." if state is None else "It is starting.")
        raise typer.Exit(1)
    endpoint_url = state["endpoint_url"]
    console.print(f"AWS    {endpoint_url}\nFlink  {state['flink_web']}")
    stacks = client("cloudformation", endpoint_url).describe_stacks()["Stacks"]
    for stack in stacks:
        console.print(f"stack {stack['StackName']}: {stack['StackStatus']}")
    for item in client("kinesisanalyticsv2", endpoint_url).list_applications()["ApplicationSummaries"]:
        console.print(f"application {item['ApplicationName']}: {item['ApplicationStatus']}")


def _welcome(laptop: Laptop) -> None:
    console.print(
        f"AWS on this machine is up.\n\n"
        f"  endpoint     {laptop.endpoint_url}\n"
        f"  Flink web    {laptop.flink_web}\n"
        f"  mail         {laptop.mail}\n"
        f"  logs         {laptop.work_dir / 'logs'}\n\n"
        "Point the AWS CLI at it:\n\n"
        f"  export AWS_ENDPOINT_URL={laptop.endpoint_url} AWS_DEFAULT_REGION=us-east-1\n"
        "  export AWS_ACCESS_KEY_ID=laptop AWS_SECRET_ACCESS_KEY=laptop\n"
        "  aws kinesis list-streams\n"
    )
    # What one stack passes on to another is nothing for people.
    named = {key: value for key, value in laptop.outputs.items() if not key.startswith("ExportsOutput")}
    for key, value in sorted(named.items()):
        console.print(f"  {key} = {value}", markup=False)
    console.print("\nCtrl-C, or `python -m laptop down` elsewhere, ends it.")
