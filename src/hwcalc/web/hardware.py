"""The catalogue as tables: every figure with its documents, readable without scripts.

Values are written by `hwcalc.display`, as everywhere; `table.mjs` sorts, filters and compares them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup, escape

from hwcalc import display, roofline
from hwcalc.catalog import PRECISIONS, Accelerator, Link, accelerators, links

NO_MARK = Markup()
MARKS = {
    "computed": Markup('<sup title="computed from other published figures">c</sup>'),
    "recalled": Markup('<sup title="recalled, not seen in a document">?</sup>'),
}
# What a document's label says it was read for; a document without one stands for the whole row.
_LABELS = {
    "launch price": ("price.usd", "price.date"),
    "shared memory": ("shared_memory",),
    "L2/smem": ("l2", "shared_memory"),
    "NVLink": ("link.name", "link.bandwidth", "link.links"),
    "TDP": ("tdp",),
}
_ADDRESS = re.compile(r"(?:https?://|(?<![\w/.])(?:github|developer\.nvidia)\.com/)[^\s,;)]+")


@dataclass(frozen=True)
class Column:
    """A column: the data file's key, its heading, and how its values are read and written."""

    key: str
    label: str
    value: Callable[[Any], str | float | None]
    unit: str = ""
    more: bool = False  # left out in print, where the width is limited


@dataclass(frozen=True)
class Cell:
    """A cell as it is written; `number` is the value in base units, for sorting."""

    text: str
    number: float | None = None
    mark: Markup = NO_MARK


@dataclass(frozen=True)
class Document:
    """A source with the keys it was read for; none means all."""

    html: Markup
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One thing of the catalogue."""

    id: str
    name: str
    cells: tuple[Cell, ...]
    documents: tuple[Document, ...]
    notes: str
    checked: str


def _published(key: str) -> Callable[[Accelerator], float | None]:
    return lambda chip: chip.published.get(key)


def _rate(precision: str) -> Callable[[Accelerator], float | None]:
    return lambda chip: chip.peak.get(precision)


def ridge(chip: Accelerator) -> float | None:
    """Return the ridge point at 16 bits [FLOP/B], None where a chip has no rate for them."""
    try:
        return roofline.ridge_point(roofline.peak_rate(chip.peak, 16), chip.bandwidth)
    except ValueError:
        return None


KINDS = {
    "datacenter": "data centre",
    "workstation": "workstation",
    "consumer": "consumer",
    "tpu": "TPU",
    "asic": "other ASIC",
    "apple": "Apple",
}
_NAMES = {"fp16_acc16": "FP16, sums in FP16"} | {
    name: name.upper() for name in PRECISIONS if name != "fp16_acc16"
}
ACCELERATOR = (
    Column("vendor", "Vendor", lambda chip: chip.vendor),
    Column("kind", "Kind", lambda chip: KINDS[chip.kind]),
    Column("architecture", "Architecture", lambda chip: chip.family),
    Column("release", "Released", lambda chip: chip.release),
    Column("memory", "Memory", lambda chip: chip.memory, "iB"),
    Column("memory_type", "Memory type", lambda chip: chip.memory_type, more=True),
    Column("bandwidth", "Bandwidth", lambda chip: chip.bandwidth, "B/s"),
    *(
        Column(
            f"peak.{name}",
            _NAMES[name],
            _rate(name),
            "OP/s" if name == "int8" else "FLOP/s",
            more=name in ("tf32", "fp16_acc16", "int8"),
        )
        for name in PRECISIONS
    ),
    Column("ridge", "Ridge point, 16 bits", ridge, "FLOP/B"),
    Column("tdp", "Power", _published("tdp"), "W"),
    Column("link.name", "Link", lambda chip: chip.link_name, more=True),
    Column("link.bandwidth", "Link rate, one way", _published("link_bandwidth"), "B/s"),
    Column("link.links", "Links", _published("links"), more=True),
    Column("link.pod", "Chips in a pod", _published("pod"), more=True),
    Column("pcie", "PCIe", lambda chip: chip.pcie, more=True),
    Column("sm_count", "Multiprocessors", _published("sm_count"), more=True),
    Column("clock", "Clock", _published("clock"), "Hz", more=True),
    Column("l2", "Level-2 cache", _published("l2"), "iB", more=True),
    Column("last_level_cache", "Last cache", _published("last_level_cache"), "iB", more=True),
    Column("scratchpad", "Scratchpad", _published("scratchpad"), "iB", more=True),
    Column("shared_memory", "Shared memory", _published("shared_memory"), "iB", more=True),
    Column("memory_fitted", "Memory fitted", _published("memory_fitted"), "iB", more=True),
    Column("sparsity", "Sparse mode", lambda chip: "yes" if chip.sparsity else "", more=True),
    Column("price.usd", "Launch price", _published("price"), "$"),
    Column("price.date", "Price in", lambda chip: chip.price_date, more=True),
)
LINK = (
    Column("family", "Family", lambda link: link.family),
    Column("release", "Year", lambda link: link.release),
    Column("bandwidth", "Rate, one way", lambda link: link.bandwidth, "B/s"),
    Column("lanes", "Lanes or links", lambda link: link.lanes),
    Column("achieved.bandwidth", "Measured rate", lambda link: link.achieved, "B/s"),
    Column("share", "Share reached", lambda link: link.efficiency if link.achieved else None, "%"),
    Column("achieved.measured", "What was measured", lambda link: link.achieved_by, more=True),
    Column("latency", "Start-up time", lambda link: link.latency, "s"),
    Column("roadmap", "Announced only", lambda link: "yes" if link.roadmap else ""),
)


def accelerators_table() -> str:
    """Return the table of all accelerators, by vendor."""
    chips = sorted(accelerators().values(), key=lambda chip: chip.vendor.lower())
    groups = {
        vendor: sorted(group, key=lambda chip: (chip.release or "9", chip.name), reverse=True)
        for vendor, group in groupby(chips, key=lambda chip: chip.vendor)
    }
    return _table("accelerators", "Accelerator", "Accelerators", ACCELERATOR, groups, "kind", KINDS)


def links_table() -> str:
    """Return the table of all links, by family."""
    groups: dict[str, list[Link]] = {}
    for link in links().values():
        groups.setdefault(link.family, []).append(link)
    families = {family: family for family in groups}
    return _table("links", "Link", "Links", LINK, groups, "family", families)


def rows(things: Iterable[Any], columns: Iterable[Column]) -> list[Row]:
    """Return the rows of a table: values as text, marked where no document has them."""
    return [
        Row(
            thing.id,
            thing.name,
            tuple(_cell(thing, column) for column in columns),
            tuple(_document(source) for source in thing.source),
            thing.notes,
            thing.checked.isoformat(),
        )
        for thing in things
    ]


def _cell(thing: Any, column: Column) -> Cell:
    value = column.value(thing)
    if value is None or value == "":
        return Cell("")
    plain = Cell(value) if isinstance(value, str) else _number(value, column.unit)
    if column.key in getattr(thing, "unverified", ()):
        return replace(plain, mark=MARKS["recalled"])
    if column.key in getattr(thing, "derived", ()):
        return replace(plain, mark=MARKS["computed"])
    return plain


def _number(value: float, unit: str) -> Cell:
    return Cell(display.text(value, unit), float(f"{value:.6g}"))


def _document(source: str) -> Document:
    label = source.partition(":")[0]
    return Document(linked(source), _LABELS.get(label, ()))


def linked(text: str) -> Markup:
    """Return text as HTML, its addresses as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0] if found[0].startswith("http") else f"https://{found[0]}"
        parts += [escape(text[end : found.start()])]
        parts += [Markup('<a href="{}">{}</a>').format(address, found[0])]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])


def _table(
    identifier: str,
    one: str,
    many: str,
    columns: tuple[Column, ...],
    groups: Mapping[str, Iterable[Any]],
    choice: str,
    options: Mapping[str, str],
) -> str:
    return _template().render(
        id=identifier,
        one=one,
        many=many,
        columns=columns,
        groups={name: rows(things, columns) for name, things in groups.items()},
        numeric=[_is_numeric(column, groups) for column in columns],
        choice=next(column for column in columns if column.key == choice),
        options=list(options.values()),
    )


def _is_numeric(column: Column, groups: Mapping[str, Iterable[Any]]) -> bool:
    return any(
        isinstance(column.value(thing), int | float) for group in groups.values() for thing in group
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hwcalc.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("catalogue.html.j2")
