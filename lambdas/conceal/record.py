"""A record with its addresses concealed, and not much longer than it came, whatever is in it.

A pseudonym has up to 39 characters, and two already are an address. Lambda takes an answer of 6 MB: one that is longer
fails the whole batch, which Firehose then stores as it came.
"""

import re

from lambdas.addresses import Concealment
from lambdas.conceal.line import concealed

# A batch has 1 MiB, and one record of 1 MiB more at most: with the third that base64 adds, and the ids, it stays below.
GROWTH = 1.5
# Of a record so short that one pseudonym is half of it. What Firehose asks says more about each than the answer does.
ONE_ADDRESS = 64
# Whatever says an address in any notation, the escapes of JSON and numbers too.
_SAYS_AN_ADDRESS = re.compile(b"[0-9A-Fa-f]")


def concealed_record(data: bytes, concealment: Concealment) -> bytes:
    """Return the record's lines with their addresses in their form, each line ended.

    Of one that would grow too much, the lines at fault keep no digit and no letter that an address may have. Nobody who
    is honest sends such lines; they are rejects, for the most part.
    """
    before = data.split(b"\n")
    after = [concealed(line, concealment) for line in before]
    if sum(map(len, after)) > max(GROWTH * len(data), len(data) + ONE_ADDRESS):
        after = [_bounded(new, line) for new, line in zip(after, before, strict=True)]
    return b"\n".join(after) + b"\n"


def _bounded(concealed_line: bytes, line: bytes) -> bytes:
    return concealed_line if len(concealed_line) <= GROWTH * len(line) else _SAYS_AN_ADDRESS.sub(b"x", line)
