"""Arguments and options that several commands have."""

from typing import Annotated

import typer

Arn = Annotated[str, typer.Argument(metavar="ARN", help="The entity, or short: artifact/<id>.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="A word of the field, such as DataSet.")]
SourceUri = Annotated[str | None, typer.Option(help="Where it lies or came from.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="As it was true at this time.", metavar="TIME")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="As it was known at this time or ledger entry.", metavar="TIME|ENTRY")
]
ValidTo = Annotated[str | None, typer.Option(metavar="TIME", help="Until when it was so; now by default.")]
