"""The CDK application: read the stage, build the stacks, hold them to the rules."""

import sys
from dataclasses import replace

from aws_cdk import App

try:
    from stacks.stages import UnknownSettingError, UnknownStageError, UnknownUserError, stage_named
except ValueError as error:  # the stages of the file are made, and held to what a stage may be, when it is read
    sys.exit(f"stacks/stages.py: {error}")
from stacks.packaging import PackagingError
from stacks.platform import add_platform
from stacks.rulebook import check_with_rules


def build(app: App) -> None:
    """Put the platform of the stage that the context names into the app.

    Raises UnknownStageError, UnknownUserError, UnknownSettingError, and PackagingError where something that goes into
    an artifact is not there.
    """
    stage = stage_named(app.node.try_get_context("stage"))
    if quicksight_user := app.node.try_get_context("quicksight_user"):
        stage = replace(stage, quicksight_user=quicksight_user)
    if (customer_keys := app.node.try_get_context("customer_keys")) is not None:
        stage = replace(stage, customer_keys=_yes_or_no("customer_keys", customer_keys))
    if (fault_experiments := app.node.try_get_context("fault_experiments")) is not None:
        stage = replace(stage, fault_experiments=_yes_or_no("fault_experiments", fault_experiments))
    if address_form := app.node.try_get_context("address_form"):
        stage = replace(stage, address_form=address_form)
    add_platform(app, stage=stage, alert_email=app.node.try_get_context("alert_email"))
    check_with_rules(app, stage=stage)


def _yes_or_no(name: str, given: object) -> bool:
    if str(given).lower() not in ("true", "false"):
        raise UnknownSettingError(f"{name} is {given!r}: it has to be true or false")
    return str(given).lower() == "true"


def main() -> None:
    """Synthesise; one line and exit 1 where that cannot be."""
    app = App()
    try:
        build(app)
    except (UnknownStageError, UnknownUserError, UnknownSettingError, PackagingError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
