r"""Which cards to get for a job and a budget, and why not the others.

Every accelerator of the catalogue is looked at. Each way to get one is an offer with its date: new
or used at the latest price on file, or by the hour. An offer is left out for the first reason that
applies, and what remains is ranked by what a unit of work costs or by speed.

Machines of Apple are left to `llama_cpp`: their prices go with memory, and those on file are not of
the sizes in the catalogue.

What it leaves out: software that a vendor's card does not run, noise, slots and space in a case,
and that a price on file may be gone by the time you read it: type your own.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from hwcalc.catalog import Accelerator, accelerators
from hwcalc.numeric import check_fraction, check_non_negative, check_positive
from hwcalc.ownership import owner_costs, owner_price, resale_value
from hwcalc.prices import latest_purchase, latest_rents
from hwcalc.use_cases import Job, Result, result

__all__ = ["REASONS", "Choice", "LeftOut", "Offer", "Terms", "choose", "offers"]

MACHINE = 1.4  # power of a machine over that of its boards: fans, processor, memory, losses
# PyTorch builds for Turing and later; those for older chips are ending.
# https://github.com/pytorch/pytorch/issues/190385
UNSUPPORTED = {"Fermi", "Kepler", "Maxwell", "Pascal", "Volta"}
COMPLETE = ("gb10", "jetson")  # what is sold as a whole computer
RENTS_SINCE = "2026-02"
FEW = 3  # list prices, below which offers on market places are taken in as well
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "price": "No such price on file: type one",
        "date": "Its price is too old",
        "maker": "Left out by make",
        "module": "A module for a server's board: rent it",
        "software": "PyTorch is ending its builds for it",
        "model": "Not modelled for this work",
        "memory": "Needs more than its memory",
        "budget": "Over the budget",
    }
)


class Offer(NamedTuple):
    """One way to get an accelerator."""

    accelerator: str
    kind: str  # new, used, rented or yours
    price: float  # [$] of one, rented [$/s]
    date: str  # of the price, "" for the reader's own
    sellers: int  # whose prices it is the middle of


class Terms(NamedTuple):
    """What the money depends on besides the price."""

    budget: float  # [$] for all cards, or all hours
    use: float  # [1] share of the time they work
    lifetime: float  # [s] until they are sold, or no longer needed
    loss: float  # [1] of their value in a year
    rest: float  # [$] of the computer around them
    tariff: float  # [$/J] of electricity


class Choice(NamedTuple):
    """An offer that does the job, with what it comes to."""

    offer: Offer
    result: Result
    price: float  # [$] of all cards, or of all hours rented
    power: float | None  # [W] at the rating, the machine around the boards included; None if rented
    hour: float  # [$/s] of a working hour: what is lost in value, electricity, or rent
    unit: float  # [$] for a token, an image or a sequence


class LeftOut(NamedTuple):
    """An accelerator that is not among the choices."""

    accelerator: str
    reason: str  # a key of `REASONS`
    detail: float | None  # its price [$], or the memory it would need [B]
    result: Result | None  # what it would do, where that is known
    price: float | None  # [$] of all cards, or of all hours rented


@functools.cache
def offers(accelerator: str, kinds: tuple[str, ...]) -> tuple[Offer, ...]:
    """Return the latest price of each kind, and the median of the latest rents.

    Rents are those that providers list; where few do, with offers on market places.

    Args:
        accelerator: Id of an accelerator. [1]
        kinds: Of "new", "used" and "rented", those that are asked for. [1]

    Returns:
        Offers, in the order of the kinds. [1]

    References:
        data/prices/purchases.csv, data/prices/rent-history.csv

    Examples:
        >>> [(each.kind, each.price, each.date) for each in offers("rtx-5090", ("new", "used"))]
        [('new', 5258.0, '2026-09'), ('used', 4795.0, '2026-09')]
        >>> rented = offers("h100-sxm", ("rented",))[0]
        >>> rented.price * 3600, rented.sellers
        (4.08, 11)
    """
    found = []
    for kind in kinds:
        if kind != "rented":
            if price := latest_purchase(accelerator, kind):
                found.append(Offer(accelerator, kind, price.value, price.date, 1))
            continue
        # Rents of the last months only: an older one is nobody's rent any more.
        rents = latest_rents(accelerator, "on-demand", RENTS_SINCE)
        if len(rents) < FEW:
            rents += latest_rents(accelerator, "marketplace", RENTS_SINCE)
        if rents:
            values = sorted(rent.value for rent in rents)
            half = len(values) // 2
            last = max(rent.date for rent in rents)
            middle = (values[half] + values[~half]) / 2
            found.append(Offer(accelerator, kind, middle, last, len(rents)))
    return tuple(found)


def choose(
    job: Job,
    terms: Terms,
    kinds: tuple[str, ...],
    since: str,
    vendors: Sequence[str],
    own: Mapping[str, float],
    by: str,
) -> tuple[list[Choice], list[LeftOut]]:
    r"""Rank the offers that do a job within a budget, and give the reason for each other card.

    An owned card costs what it loses in value and the electricity for its hours of work, with the
    computer around it:

    $$ k = \frac{(P + P_r)\left(1 - (1 - \ell)^{T}\right)}{u\,T} + 1.4\, w\, c, \qquad
    \text{cost of a unit} = k / R $$

    Estimate: power at the rating, an upper bound; a rented card costs its rent and nothing else.

    Args:
        job: The work. [1]
        terms: Budget, hours, prices around the cards. [1]
        kinds: Of "new", "used" and "rented", those that are asked for. [1]
        since: Earliest date of a price to accept. [1]
        vendors: Makers to accept. [1]
        own: Prices that the reader has found, by id; they replace those on file. [$]
        by: "cost" for the cheapest work first, "speed" for the fastest, "price" for least money
            at the till. [1]

    Returns:
        Choices, the best first; every other accelerator with its reason. [1]

    Raises:
        ValueError: If a term is negative or out of range, or the order is unknown.

    References:
        `use_cases.result`, `ownership.owner_costs`

    Examples:
        Fine-tuning Llama 3.1 8B in four bits on one card for at most $1,000, sold after three
        years:

        >>> terms = Terms(1000, 0.33, 3 * 365.25 * 86400, 0.25, 1500, 0.19 / 3.6e6)
        >>> job = Job("qlora", "llama3.1-8b", 4, 2048, 1, 1)
        >>> found, others = choose(
        ...     job, terms, ("new", "used"), "2026-01", ("NVIDIA",), {}, "cost")
        >>> found[0].offer.accelerator, found[0].offer.kind, found[0].price
        ('rtx-4080-super', 'used', 882.0)
        >>> [each.reason for each in others if each.accelerator == "rtx-3090"]
        ['budget']
    """
    if by not in ORDERS:
        raise ValueError(f"by = {by!r}: must be one of {', '.join(ORDERS)}")
    check_positive(use=terms.use, lifetime=terms.lifetime)
    check_fraction(use=terms.use)
    check_non_negative(budget=terms.budget, rest=terms.rest, tariff=terms.tariff)
    usable, left_out = _usable(job, kinds, since, tuple(vendors), tuple(sorted(own.items())))
    chosen: list[Choice] = []
    left = list(left_out)
    for card in usable:
        chip = accelerators()[card.accelerator]
        found = [_priced(chip, each, card.result, job, terms) for each in card.offers]
        least = min(each.price for each in found)
        within = [each for each in found if each.price <= terms.budget]
        if card.result.needed > chip.memory:
            needed = card.result.needed
            left.append(LeftOut(chip.id, "memory", needed, card.result, least))
        elif not within:
            left.append(LeftOut(chip.id, "budget", least, card.result, least))
        else:
            chosen += within
    return sorted(chosen, key=ORDERS[by]), left


class _Card(NamedTuple):
    """An accelerator that can be had and is modelled."""

    accelerator: str
    offers: tuple[Offer, ...]
    result: Result


ORDERS: Mapping[str, Callable[[Choice], tuple[float, float]]] = MappingProxyType(
    {
        "cost": lambda each: (each.unit, each.price),
        "speed": lambda each: (-each.result.speed, each.unit),
        "price": lambda each: (each.price, each.unit),
    }
)


@functools.lru_cache(maxsize=16)
def _usable(
    job: Job,
    kinds: tuple[str, ...],
    since: str,
    vendors: tuple[str, ...],
    own: tuple[tuple[str, float], ...],
) -> tuple[tuple[_Card, ...], tuple[LeftOut, ...]]:
    """Look at each accelerator, apart from money, which moves more often than the rest."""
    found, left = [], []
    for chip in accelerators().values():
        card = _look(chip, job, kinds, since, vendors, dict(own).get(chip.id))
        if isinstance(card, _Card):
            found.append(card)
        else:
            left.append(LeftOut(chip.id, *card, None, None))
    return tuple(found), tuple(left)


def _look(
    chip: Accelerator,
    job: Job,
    kinds: tuple[str, ...],
    since: str,
    vendors: tuple[str, ...],
    own: float | None,
) -> _Card | tuple[str, float | None]:
    """Look at one accelerator: its offers, or the first reason against it."""
    known = (Offer(chip.id, "yours", own, "", 1),) if own else offers(chip.id, kinds)
    if not known:
        return "price", None
    if chip.vendor not in vendors:
        return "maker", None
    recent = [each for each in known if not each.date or each.date >= since]
    if not recent:
        return "date", max(known, key=lambda each: each.date).price
    usable = tuple(each for each in recent if each.kind == "rented" or not _module(chip))
    if not usable:
        return "module", None
    if chip.family in UNSUPPORTED and job.work != "run":
        return "software", None
    try:
        done = result(chip, job)
    except ValueError:
        return "model", None
    return _Card(chip.id, usable, done) if "tdp" in chip.published else ("model", None)


def _priced(chip: Accelerator, offer: Offer, done: Result, job: Job, terms: Terms) -> Choice:
    """Work out what an offer comes to."""
    if offer.kind == "rented":
        hour = job.cards * offer.price
        paid = hour * terms.use * terms.lifetime
        return Choice(offer, done, paid, None, hour, hour / done.speed)
    complete = chip.id.startswith(COMPLETE)
    price = job.cards * offer.price
    power = job.cards * chip.tdp * (1 if complete else MACHINE)
    whole = price + (0.0 if complete else terms.rest)
    parts = owner_costs(
        whole, resale_value(whole, terms.lifetime, terms.loss), terms.lifetime,
        power, 0.0, terms.use, 1.0, terms.tariff, 0.0,
    )  # fmt: skip
    hour = owner_price(sum(parts.values()), terms.lifetime, terms.use)
    return Choice(offer, done, price, power, hour, hour / done.speed)


def _module(chip: Accelerator) -> bool:
    """Whether it is a module with links of its own, which no ordinary board takes."""
    linked = "link_bandwidth" in chip.published and "bridge" not in chip.link_name
    return (linked and chip.kind == "datacenter") or chip.kind in ("tpu", "asic")
