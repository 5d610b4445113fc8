"""A stack that fails says so, a changed one's exports are seen by others, a deleted one stays deleted: not so in moto.

In AWS CreateStack and UpdateStack answer at once and a failure shows in the stack's status and events; moto lets the
exception out of the call and leaves a stack that says it is complete. And it creates what an output refers to whenever
somebody describes the stack, as the CDK does to see that it is gone.
"""

import logging
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack

_LOG = logging.getLogger(__name__)


def install() -> None:
    """Wrap moto's creation, change and deletion of stacks."""
    moto_create = CloudFormationBackend.create_stack
    moto_update, moto_delete = Stack.update, Stack.delete

    def create(self: Any, name: str, *given: Any, **options: Any) -> Any:
        known = set(self.stacks)
        try:
            return moto_create(self, name, *given, **options)
        except Exception as error:  # the border: whatever a resource raised is the stack's failure
            begun = [stack for key, stack in self.stacks.items() if key not in known]
            if not begun:
                raise
            _fail(begun[0], "CREATE_FAILED", "ROLLBACK_COMPLETE", error)
            return begun[0]

    def update(self: Any, *given: Any, **options: Any) -> None:
        try:
            moto_update(self, *given, **options)
        except Exception as error:  # noqa: BLE001  # the border, as above
            _fail(self, "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", error)
        else:
            self.cross_stack_resources.update({export.name: export for export in self.exports})

    def delete(self: Any) -> None:
        moto_delete(self)
        _forget_outputs(self)

    CloudFormationBackend.create_stack = create
    Stack.delete = delete
    Stack.update = update


def _fail(stack: Any, event: str, status: str, error: Exception) -> None:
    _LOG.exception("stack %s", stack.name)
    reason = f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
    stack._add_stack_event(event, resource_status_reason=reason)
    stack._add_stack_event(status, resource_status_reason=reason)
    stack.status = status
    _forget_outputs(stack)
    stack.stack_status_reason = reason


def _forget_outputs(stack: Any) -> None:
    """Leave nothing whose reading would create what it refers to."""
    stack.template_dict = {**stack.template_dict, "Outputs": {}}
    stack.output_map = stack._create_output_map()
