"""The allow list in DynamoDB: read as a whole, for it is short, and page by page, for it need not be."""

from typing import TYPE_CHECKING, Any

from commerce.allowance import Allowance, from_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def read_allow_list(client: "DynamoDBClient", *, table: str, consistent: bool = False) -> tuple[list[Allowance], int]:
    """Return the entries, ended and removed ones among them, and how many could not be read.

    `consistent` is for who has to see what was written a moment ago, at twice the price. Raises the client's errors.
    """
    items: list[dict[str, Any]] = []
    begin: dict[str, Any] = {}
    while True:
        page = client.scan(TableName=table, ConsistentRead=consistent, **begin)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return from_items(items)
        begin = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
