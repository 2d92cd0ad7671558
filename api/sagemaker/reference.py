"""The list of operations that are offered: `python -m api.sagemaker.reference` prints docs/reference/sagemaker.md."""

import sys

from api.sagemaker import operations
from api.sagemaker.calls import OFFERED
from api.sagemaker.model import SERVICES, service

HEAD = """# Operations for AWS's clients

What Stemma answers to unmodified `boto3` and `sagemaker` clients. Shapes, limits, patterns and enums are those of the service
models in the installed botocore; what is not listed answers `UnknownOperationException` and says so. How to point clients here:
[Keep your SageMaker code](../how-to/sagemaker-sdk.md).

Common to all: lists are newest first and ten a page unless asked otherwise, and a later page reads at the moment of the first;
`NextToken` belongs to one account and request; look-ups ignore case; a name of another account is answered as one that does not
exist. A model's optional members that a record does not have are left out.
"""


def reference() -> str:
    """The page, as it is committed."""
    operations.load()
    parts = [HEAD]
    for name in SERVICES:
        offered = [entry for key, entry in sorted(OFFERED.items()) if key[0] == name]
        if not offered:
            continue
        known = service(name)
        parts.append(f"\n## {name}\n\n{len(offered)} of {len(known.names)} operations.\n\n")
        parts.append("| operation | what it does here | beside AWS |\n| --- | --- | --- |\n")
        for entry in offered:
            said = (entry.handler.__doc__ or "").strip().splitlines()[0]
            parts.append(f"| {entry.name} | {said} | {entry.note or 'as AWS'} |\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
