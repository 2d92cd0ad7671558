"""Lists by creation that are looked for piece by piece, as the embedded database needs it."""

import secrets

import pytest

from graph import commands, listing
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.entities import Entity, Kind
from graph.times import Moment, from_ms

DAY = 86_400_000
NOW = 1_790_000_000_000
AGES = [0, 0, 1, 500, 999, 1_000, 1_001, 7_999, 8_000, 60_000, DAY, DAY + 1, 30 * DAY, 400 * DAY, 12_000 * DAY]


async def listed(
    catalog: Catalog, account: str, when: Moment, first: int, *, descending: bool, **filters: str
) -> list[str]:
    """All entities of a list, page by page."""
    names: list[str] = []
    after = None
    while True:
        page: listing.Page[Entity] = await listing.entities(
            *(catalog.store, account, Kind.CONTEXT, when),
            filter=listing.Filter(**filters),  # type: ignore[arg-type]
            descending=descending,
            first=first,
            after=after,
        )
        names += [entity.name for _, entity in page.items]
        if not page.more:
            return names
        after = page.items[-1][0]


@pytest.mark.parametrize("descending", [True, False])
async def test_a_crowded_list_is_the_same_piece_by_piece(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, descending: bool
) -> None:
    account = f"{secrets.randbelow(10**12):012d}"
    caller = Caller(account, "tester", "test", Role.WRITER)
    place = catalog.place(account)
    puts = [
        commands.create_named(
            place,
            Kind.CONTEXT,
            f"c{number:02}",
            type="Even" if number % 2 == 0 else "Odd",
            valid_from=from_ms(NOW - age),
        )
        for number, age in enumerate(AGES)
    ]
    await catalog.write(caller, puts, operation="test")
    others = [
        commands.create_named(place, Kind.ACTION, "other"),
        commands.create_named(place, Kind.TRIAL_COMPONENT, "tc"),
    ]
    await catalog.write(caller, others, operation="test")
    made = [(NOW - age, put.arn, f"c{number:02}") for number, (age, put) in enumerate(zip(AGES, puts, strict=True))]
    wanted = [name for _, _, name in sorted(made, reverse=descending)]
    now, then = await catalog.moment(account), await catalog.moment(account, as_of=NOW - 1_000)
    for crowd in (1, 10_000):
        monkeypatch.setattr(listing, "CROWD", crowd)
        for first in (1, 2, 7, 50):
            assert await listed(catalog, account, now, first, descending=descending) == wanted
        odd = [name for name in wanted if int(name[1:]) % 2]
        assert await listed(catalog, account, now, 3, descending=descending, type="Odd") == odd
        assert await listed(catalog, account, now, 3, descending=descending, type="None") == []
        older = [name for name in wanted if AGES[int(name[1:])] >= 1_000]
        assert await listed(catalog, account, then, 4, descending=descending) == older
