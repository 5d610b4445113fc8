"""The parts list of the platform, and who is handed what."""

from aws_cdk import App

from lambdas.settings import AddressForm
from stacks.addresses import AddressesStack
from stacks.allow_list import AllowListStack
from stacks.customer_keys import CustomerKeysStack, encrypt_with
from stacks.detection import DetectionStack
from stacks.experiments import ExperimentsStack
from stacks.insights import InsightsStack
from stacks.lake import LakeStack
from stacks.observability import ObservabilityStack
from stacks.response import ResponseStack
from stacks.stages import Stage
from stacks.streams import StreamsStack


def add_platform(app: App, *, stage: Stage, alert_email: str | None) -> None:
    """Add every stack of one stage to the app. Without an address nobody is subscribed to the topics."""
    name = f"floorwalker-{stage.name}"
    streams = StreamsStack(app, f"{name}-streams", stage=stage)
    allow_list = AllowListStack(app, f"{name}-allowlist", stage=stage)
    concealed = stage.address_form != AddressForm.FULL
    addresses = AddressesStack(app, f"{name}-addresses", stage=stage) if concealed else None
    conceal = addresses.concealer if addresses else None
    lake = LakeStack(
        app,
        f"{name}-lake",
        stage=stage,
        events=streams.events,
        incidents=streams.incidents,
        allow_list=allow_list.table,
        conceal=conceal,
    )
    detection = DetectionStack(
        app, f"{name}-detection", stage=stage, events=streams.events, incidents=streams.incidents
    )
    response = ResponseStack(
        app,
        f"{name}-response",
        stage=stage,
        incidents=streams.incidents,
        allow_list=allow_list.table,
        queries=lake.queries,
        alert_email=alert_email,
        address_key=addresses.key if addresses else None,
    )
    observability = ObservabilityStack(
        app,
        f"{name}-observability",
        stage=stage,
        streams=streams,
        lake=lake,
        detection=detection,
        response=response,
        conceal=conceal,
    )
    if stage.fault_experiments:
        ExperimentsStack(
            app,
            f"{name}-experiments",
            streams={"Events": streams.events, "Incidents": streams.incidents},
            alarms=observability.alarms,
        )
    if stage.quicksight_user:
        insights = InsightsStack(
            app,
            f"{name}-insights",
            stage=stage,
            owner=stage.quicksight_user,
            database=lake.catalog.database_name,
            workgroup=lake.queries.workgroup_name,
        )
        insights.add_stack_dependency(lake)
    if stage.customer_keys:
        keys = CustomerKeysStack(app, f"{name}-keys", stage=stage)
        holders = {"streams": streams, "allowlist": allow_list, "lake": lake, "detection": detection}
        encrypt_with(keys, {**holders, "response": response} | ({"addresses": addresses} if addresses else {}))
