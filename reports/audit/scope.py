"""What an audit report is asked: about what, which question, as of when."""

from dataclasses import dataclass

from graph import history
from graph.catalog import Catalog
from graph.errors import InvalidError
from graph.ledger import Head
from graph.times import Moment, from_ms, from_us

QUESTION = "What is it, what did it come from, what does it touch, who answered for it, and what was found since?"
MOST_QUESTION = 500
"""Characters of a question."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The arguments of a report, all resolved: the same scope gives the same report, whatever is written meanwhile.

    Attributes:
        account: whose graph.
        region: the region in its ARNs.
        arn: the entity's lineage ARN.
        asked: the ARN as it was asked for.
        question: what whoever asks wants to know, in their words.
        when: the moment in both times.
        head: the ledger's head at that moment.
    """

    account: str
    region: str
    arn: str
    asked: str
    question: str
    when: Moment
    head: Head

    @property
    def as_of(self) -> str:
        """Valid time, as ISO-8601."""
        return from_ms(self.when.at).isoformat(timespec="milliseconds")

    @property
    def known_at(self) -> str:
        """Recorded time, as ISO-8601."""
        return from_us(self.when.known).isoformat(timespec="microseconds")


async def scope(catalog: Catalog, account: str, asked: str, when: Moment, question: str | None = None) -> Scope:
    """What a report is asked.

    Args:
        catalog: The graph.
        account: Whose.
        asked: A lineage ARN, or a resource's own.
        when: At which moment, resolved already.
        question: In the words of whoever asks.

    Raises:
        NotFoundError: nothing has the ARN.
        InvalidError: the question is too long, or holds what is no text.
    """
    text = " ".join((question or QUESTION).split()) or QUESTION
    if len(text) > MOST_QUESTION or not text.isprintable():
        raise InvalidError(
            f"the question has {len(text)} characters; it may have {MOST_QUESTION}, all of them printable",
            path="question",
            constraint=f"length <= {MOST_QUESTION}",
        )
    (arn,) = await catalog.lineage_arns(account, [asked], when)
    head = await history.entry(catalog.store, account, when.sequence)
    return Scope(account, catalog.region, arn, asked, text, when, head)
