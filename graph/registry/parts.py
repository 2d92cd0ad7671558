"""What a model package is made of: images and model data, and the files that speak for it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph.associations import AssociationType
from graph.changes import Put
from graph.commands import Place, create_artifact
from graph.contents import Content, content, timeline
from graph.drafts import Draft
from graph.working import Needs

IMAGE, DATA = "Image", "Model"
EVIDENCE = ("ModelMetrics", "DriftCheckBaselines")


@dataclass(frozen=True, slots=True)
class Image:
    """A container image, told from others under its name by its digest where that is known."""

    named: Put
    pinned: Put | None = None

    @property
    def arn(self) -> str:
        """The most exact artifact of it."""
        return self.named.arn if self.pinned is None else self.pinned.arn

    @property
    def arns(self) -> list[str]:
        """Its artifacts."""
        return [self.named.arn, *([] if self.pinned is None else [self.pinned.arn])]

    def needs(self, needs: Needs) -> None:
        """Its artifacts, and whether they are known to be the same."""
        self.named.needs(needs)
        if self.pinned is not None:
            self.pinned.needs(needs)
            needs.triples.add((self.named.arn, AssociationType.SAME_AS.value, self.pinned.arn))

    def apply(self, draft: Draft) -> list[str]:
        """Make what is missing; the artifacts that a package is linked with."""
        self.named.apply(draft)
        if self.pinned is None:
            return [self.named.arn]
        self.pinned.apply(draft)
        draft.connect((self.named.arn, AssociationType.SAME_AS.value, self.pinned.arn), draft.now)
        return [self.pinned.arn]


@dataclass(frozen=True, slots=True)
class Data:
    """Model data at a location, with its digest (`made`) or without (`location`)."""

    location: Put
    made: Content | None = None

    @property
    def arns(self) -> list[str]:
        """Its artifacts, as far as they are named."""
        return [self.location.arn, *([] if self.made is None else [self.made.arn])]

    def needs(self, needs: Needs) -> None:
        """Its artifacts, and which contents are known to have lain there."""
        if self.made is not None:
            self.made.needs(needs)
        self.location.needs(needs)
        needs.contents.add(self.location.arn)

    def apply(self, draft: Draft) -> list[str]:
        """Make what is missing; the location, and the content that lies there now."""
        if self.made is not None:
            self.made.apply(draft)
            return [self.location.arn, self.made.arn]
        self.location.apply(draft)
        known = timeline(draft, self.location.arn)
        return [self.location.arn, *([known[-1][1]] if known else [])]


def parts(place: Place, specification: Mapping[str, Any]) -> list[Image | Data]:
    """The images and model data of a package's request, each once.

    Raises:
        InvalidError: a URI does not fit.
    """
    found: dict[str, Image | Data] = {}
    for container in _containers(specification):
        if uri := container.get("Image"):
            found.setdefault(f"image {uri}", _image(place, uri, container.get("ImageDigest")))
        for uri, etag in _data(container):
            found.setdefault(f"data {uri}", _located(place, uri, etag))
    return list(found.values())


def evidence(specification: Mapping[str, Any]) -> list[str]:
    """The URIs of statistics, constraints and reports that a package's request names, in order."""
    return list(dict.fromkeys(uri for member in EVIDENCE for uri in _uris(specification.get(member))))


def _containers(specification: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from specification.get("InferenceSpecification", {}).get("Containers", ())
    for more in specification.get("AdditionalInferenceSpecifications", ()):
        yield from more.get("Containers", ())
    yield from specification.get("SourceAlgorithmSpecification", {}).get("SourceAlgorithms", ())


def _data(container: Mapping[str, Any]) -> Iterable[tuple[str, str | None]]:
    if uri := container.get("ModelDataUrl"):
        yield uri, container.get("ModelDataETag")
    more = [container.get("ModelDataSource", {})]
    more += container.get("AdditionalModelDataSources", ())
    for source in more:
        if uri := source.get("S3DataSource", {}).get("S3Uri"):
            yield uri, source["S3DataSource"].get("ETag")
    if uri := container.get("AdditionalS3DataSource", {}).get("S3Uri"):
        yield uri, container["AdditionalS3DataSource"].get("ETag")


def _image(place: Place, uri: str, digest: str | None) -> Image:
    named = create_artifact(place, uri, type=IMAGE)
    if not digest:
        return Image(named)
    told = [("Custom", digest.lower())]
    shown = f"{named.state['name'][:106]}@{digest.lower().removeprefix('sha256:')[:12]}"
    return Image(named, create_artifact(place, uri, name=shown, type=IMAGE, source_types=told))


def _located(place: Place, uri: str, etag: str | None) -> Data:
    location = create_artifact(place, uri, type=DATA)
    if not etag:
        return Data(location)
    return Data(location, content(place, uri, [("S3ETag", etag.strip('"'))], type=DATA))


def _uris(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "S3Uri" and isinstance(inner, str) and inner:
                yield inner
            else:
                yield from _uris(inner)
