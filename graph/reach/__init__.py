"""What the service itself may touch for a caller: local files, objects in S3, other hosts. One policy, asked in one place.

    >>> policy = Policy.load(Path("policy.toml"))                                        # doctest: +SKIP
    >>> with policy.open("123456789012", "file:///srv/data/train.csv") as file: ...      # doctest: +SKIP
    >>> place = policy.s3("123456789012", "s3://lake/churn/train.csv")                   # doctest: +SKIP
    >>> await Fetcher(policy, "123456789012").fetch("POST", "https://hooks.example.com/stemma")  # doctest: +SKIP

`Fetcher` lies in `graph.reach.fetching`, which takes the time to import httpx.

Without a policy nothing is allowed, except that a command acts as the local user who gave it. How the file is written:
docs/how-to/policy.md.
"""

from graph.reach.policy import Policy
from graph.reach.policy_file import SETTING
from graph.reach.s3 import Credentials, S3Place

__all__ = ["SETTING", "Credentials", "Policy", "S3Place"]
