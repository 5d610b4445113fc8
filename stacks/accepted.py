"""The findings of the rules that are accepted: each with the evidence why it is right as it is, and until when.

An entry is looked at again before it `expires`: a test fails from the day after, and one fails where an entry matches
nothing any more. Reasons name what does instead of what the rule asks for.
"""

from stacks.acceptance import CHOSEN, SETTLED, Accepted, with_keys_of_aws
from stacks.accepted_by_setting import OF_ADDRESSES, OF_CUSTOMER_KEYS, OF_EXPERIMENTS, OF_RESTING

_OWN_PREFIX = "The role writes below this prefix of this bucket, where object names are Firehose's or Iceberg's own."
_JOBS_RESOURCES = {
    "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws-glue/*": (
        "Glue names its log groups itself, below /aws-glue."
    ),
    "arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/floorwalker_{stage}/*": (
        "The jobs create and change the tables of this one database."
    ),
    "<Raw72517081.Arn>/raw/*": "The jobs read every raw object, and one rewrites them; their names are Firehose's own.",
    "<Lake5F1B88EA.Arn>/warehouse/*": _OWN_PREFIX,
}
_DELIVERIES = ("EventsDelivery", "IncidentsDelivery")
_BUCKETS = ("AccessLogs", "Raw", "Lake")
_FUNCTIONS = (("detection", "Starter"), ("response", "Responder"))
_TABLES = (("allowlist", "AllowListTable"), ("response", "IncidentsTable"))
_LOGS = (
    *(("lake", f"{delivery}/Logs") for delivery in _DELIVERIES),
    ("detection", "Logs"),
    *((stack, f"{function}Logs") for stack, function in _FUNCTIONS),
)
_ROLES = (
    *(("lake", f"{delivery}/Role") for delivery in _DELIVERIES),
    ("lake", "Batch/Role"),
    ("lake", "Batch/MaintenanceRole"),
    ("detection", "Role"),
    *((stack, f"{function}Role") for stack, function in _FUNCTIONS),
)
_IS_A_DEAD_LETTER_QUEUE = (
    "This queue is itself the dead-letter queue: of an event source mapping, which the rule cannot see."
)
_NOBODY_INVOKES_AND_FORGETS = (
    "A function's dead-letter queue is for asynchronous calls, of which there are none: the responder's event source "
    "mapping has a queue for what it gives up, and CloudFormation waits for the starter's answer."
)

_SOLUTIONS = (
    *(
        Accepted(
            stack="lake",
            construct=f"{title}Delivery/Role",
            finding=f"AwsSolutions-IAM5[Resource::<Raw72517081.Arn>/{top}/{title.lower()}/*]",
            reason=_OWN_PREFIX,
            expires=SETTLED,
        )
        for title in ("Events", "Incidents")
        for top in ("raw", "errors")
    ),
    *(
        Accepted(
            stack="lake",
            construct=f"{delivery}/Stream",
            finding="AwsSolutions-KDF1",
            reason="A delivery stream that reads a Kinesis stream stores nothing; the Kinesis stream is encrypted.",
            expires=SETTLED,
        )
        for delivery in _DELIVERIES
    ),
    *(
        Accepted(
            stack="lake",
            construct=f"Batch/{role}",
            finding=f"AwsSolutions-IAM5[Resource::{on}]",
            reason=reason,
            expires=SETTLED,
        )
        for role in ("Role", "MaintenanceRole")
        for on, reason in _JOBS_RESOURCES.items()
    ),
    Accepted(
        stack="detection",
        construct="Role",
        finding="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*]",
        reason="Listing log groups, which Managed Flink does before it writes, cannot be allowed for one group alone.",
        expires=SETTLED,
    ),
    Accepted(
        stack="response",
        construct="DeadLetters",
        finding="AwsSolutions-SQS3",
        reason=_IS_A_DEAD_LETTER_QUEUE,
        expires=SETTLED,
    ),
)

_SERVERLESS = (
    Accepted(
        stack="response",
        construct="DeadLetters",
        finding="Serverless-SQSRedrivePolicy",
        reason=_IS_A_DEAD_LETTER_QUEUE,
        expires=SETTLED,
    ),
    *(
        Accepted(
            stack="response",
            construct=topic,
            finding="Serverless-SNSRedrivePolicy",
            reason="SNS tries mail again for six hours by itself; whatever an alert tells stands in the table as well, "
            "and an alarm in CloudWatch.",
            expires=CHOSEN,
        )
        for topic in ("Alerts", "Operations")
    ),
    *(
        Accepted(
            stack=stack,
            construct=function,
            finding="Serverless-LambdaDLQ",
            reason=_NOBODY_INVOKES_AND_FORGETS,
            expires=SETTLED,
        )
        for stack, function in _FUNCTIONS
    ),
    *(
        Accepted(
            stack=stack,
            construct=function,
            finding="Serverless-LambdaTracing",
            reason="Writing traces needs a permission on every resource; the function calls no service of ours, and "
            "logs each failure with its record and place.",
            expires=CHOSEN,
        )
        for stack, function in _FUNCTIONS
    ),
    *(
        Accepted(
            stack="lake",
            construct=f"Batch/{rule}",
            finding="Serverless-EventBusDLQ",
            reason="The rule has no target, so there is nothing to deliver: EventBridge counts what it matches.",
            expires=SETTLED,
        )
        for rule in ("CurateSucceeded", "MartsSucceeded")
    ),
    Accepted(
        stack="observability",
        construct="JobFailed",
        finding="Serverless-EventBusDLQ",
        reason="EventBridge tries for a day to reach the topic; a job that stays without success has an alarm as well.",
        expires=CHOSEN,
    ),
)

_NIST = (
    *(
        Accepted(
            stack=stack,
            construct=table,
            finding="NIST.800.53.R5-DynamoDBInBackupPlan",
            reason="The table can be restored to any second of the last 35 days; the lake has every incident for good.",
            expires=CHOSEN,
        )
        for stack, table in _TABLES
    ),
    *(
        Accepted(
            stack="lake",
            construct=bucket,
            finding="NIST.800.53.R5-S3BucketReplicationEnabled",
            reason="What shoppers did stays in the one region that the shop chose; S3 keeps it in three zones of it.",
            expires=CHOSEN,
        )
        for bucket in _BUCKETS
    ),
    *(
        Accepted(
            stack="lake",
            construct=bucket,
            finding="NIST.800.53.R5-S3BucketVersioningEnabled",
            reason="An erased user must not live on in old versions; nobody but the erasing job may change raw "
            "objects, and Iceberg keeps snapshots of the tables.",
            expires=CHOSEN,
        )
        for bucket in _BUCKETS
    ),
    *(
        Accepted(
            stack="lake",
            construct=bucket,
            finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
            reason="Every object is encrypted with S3's own key; the setting customer_keys brings one of the shop's.",
            expires=CHOSEN,
            found=with_keys_of_aws,
        )
        for bucket in ("Raw", "Lake")
    ),
    Accepted(
        stack="lake",
        construct="AccessLogs",
        finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
        reason="S3 writes its access logs into a bucket that is encrypted with its own key only.",
        expires=SETTLED,
    ),
    *(
        Accepted(
            stack=stack,
            construct=group,
            finding="NIST.800.53.R5-CloudWatchLogGroupEncrypted",
            reason="CloudWatch encrypts every group with its own key, and nothing logs a shopper; the setting "
            "customer_keys brings a key of the shop's.",
            expires=CHOSEN,
            found=with_keys_of_aws,
        )
        for stack, group in _LOGS
    ),
    *(
        Accepted(
            stack=stack,
            construct=role,
            finding="NIST.800.53.R5-IAMNoInlinePolicy",
            reason="Each role has permissions of its own on resources by name, which nobody else is to be given.",
            expires=SETTLED,
        )
        for stack, role in _ROLES
    ),
    *(
        Accepted(stack=stack, construct=function, finding=f"NIST.800.53.R5-{rule}", reason=reason, expires=expires)
        for stack, function in _FUNCTIONS
        for rule, reason, expires in (
            ("LambdaDLQ", _NOBODY_INVOKES_AND_FORGETS, SETTLED),
            (
                "LambdaConcurrency",
                "As many run at once as the stream has shards, and one at a deployment; a reservation would be "
                "refused in a new account, which may run ten in all.",
                SETTLED,
            ),
            (
                "LambdaInsideVPC",
                "The function reaches AWS's own services over TLS and nothing else; there is no network to join.",
                CHOSEN,
            ),
        )
    ),
)

ACCEPTED: tuple[Accepted, ...] = (
    *_SOLUTIONS,
    *_SERVERLESS,
    *_NIST,
    *OF_CUSTOMER_KEYS,
    *OF_ADDRESSES,
    *OF_RESTING,
    *OF_EXPERIMENTS,
)
