"""What Search sees of the registry: model package groups and model packages."""

from collections.abc import Sequence

from api.sagemaker import packages, shapes
from api.sagemaker.calls import Call
from api.sagemaker.searching import Document, Entities, Resource, searchable
from graph.entities import Entity
from graph.listing import Sort
from graph.registry import lists, names
from graph.registry.lists import RegistryFilter
from graph.search import Condition, Operator
from graph.times import Moment

PAGE = 500
CARD = "modelcard"


async def _groups(call: Call, when: Moment, _: Sequence[Condition]) -> Entities:
    async for page in _pages(call, when, names.GROUP, RegistryFilter()):
        yield page


async def _packages(call: Call, when: Moment, demanded: Sequence[Condition]) -> Entities:
    wanted = _wanted(demanded, "modelpackagegroupname")
    filters = [RegistryFilter()] if wanted is None else [RegistryFilter(group=name, numbered=True) for name in wanted]
    for filter_ in filters:
        async for page in _pages(call, when, names.PACKAGE, filter_):
            yield page


async def _pages(call: Call, when: Moment, family: str, filter_: RegistryFilter) -> Entities:
    after = None
    while True:
        page = await lists.page(
            *(call.catalog.store, call.account, family, when),
            filter=filter_,
            sort=Sort.NAME,
            descending=False,
            first=PAGE,
            after=after,
        )
        yield [entity for _, entity in page.items]
        if not page.more:
            return
        after = page.items[-1][0]


async def _show_groups(_: Call, __: Moment, entities: list[Entity], ___: frozenset[str] | None) -> list[Document]:
    return [
        {
            **{name: value for name, value in packages.group(entity).items() if name != "ManagedConfiguration"},
            "CreatedBy": shapes.author(entity, entity.created_by),
            "Tags": shapes.tags_shown(entity),
        }
        for entity in entities
    ]


async def _show_packages(_: Call, __: Moment, entities: list[Entity], needed: frozenset[str] | None) -> list[Document]:
    shown = []
    for entity in entities:
        document = packages.described(entity, card=needed is None or CARD in needed)
        document.pop("ManagedStorageType", None)
        shown.append({**document, "Tags": shapes.tags_shown(entity)})
    return shown


def _wanted(demanded: Sequence[Condition], path: str) -> list[str] | None:
    """The names, in lower case, of which a property has to have one; None where that is open."""
    for condition in demanded:
        equal = condition.operator in (Operator.EQUALS, Operator.IN)
        if equal and condition.property.path.lower() == path:
            values = sorted({str(value).lower() for value in condition.wanted})
            return [value for value in values if shapes.NAME.fullmatch(value)]
    return None


searchable("ModelPackageGroup", Resource("ModelPackageGroup", _groups, _show_groups))
searchable("ModelPackage", Resource("ModelPackage", _packages, _show_packages))
