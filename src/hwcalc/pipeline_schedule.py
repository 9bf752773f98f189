r"""The time line of a pipeline: which stage works on which micro-batch, and when.

A network is cut into stages, a batch into micro-batches. `timeline` carries a schedule out,
operation by operation, from the order in which each stage takes its work and from what each piece
of work waits for; `idle_share` is the share of time that is left over.

- GPipe: all forward passes, then all backward passes
- 1F1B: one backward pass after each forward pass as soon as there is one, so that fewer
  micro-batches wait in memory
- interleaved 1F1B: each stage holds several parts of the network, and idles less

Left out: sending between stages, unequal stages, and schedules that split the backward pass in two.
"""

from typing import NamedTuple

from hwcalc.numeric import check_count, check_positive

__all__ = ["SCHEDULES", "Work", "held", "idle_share", "timeline"]

SCHEDULES = {
    "gpipe": "GPipe: all forward, then all backward",
    "1f1b": "1F1B: forward and backward in turn",
    "interleaved": "Interleaved 1F1B",
}
Step = tuple[str, int, int]  # pass, micro-batch, part of the stage


class Work(NamedTuple):
    """One pass of one micro-batch through one part of a stage."""

    stage: int
    kind: str  # forward or backward
    micro_batch: int
    part: int
    start: float  # [s]
    end: float  # [s]


def idle_share(stages: float, micro_batches: float, parts: float) -> float:
    r"""Return the share of the time that a stage idles while the pipeline fills and drains.

    $$ \frac{p - 1}{v m + p - 1} $$

    Exact for equal stages; GPipe and 1F1B idle alike, with one part.

    Args:
        stages: Stages of the pipeline, $p$. [1]
        micro_batches: Micro-batches of a step, $m$. [1]
        parts: Parts of the network that each stage holds, $v$. [1]

    Returns:
        Idle over all time. [1]

    Raises:
        ValueError: If an argument is not a whole number of at least 1.

    References:
        Huang et al. 2019, GPipe, https://doi.org/10.48550/arXiv.1811.06965;
        Narayanan et al. 2021, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> idle_share(8, 8, 1), idle_share(8, 32, 1)
        (0.467, 0.179)
    """
    check_count(stages=stages, micro_batches=micro_batches, parts=parts)
    return (stages - 1) / (parts * micro_batches + stages - 1)


def timeline(
    schedule: str, stages: int, micro_batches: int, parts: int, forward: float, backward: float
) -> list[Work]:
    """Carry a schedule out.

    Every stage takes its work in the order of the schedule, and starts a piece once it is free and
    the piece that it builds on is done.

    Args:
        schedule: A key of `SCHEDULES`. [1]
        stages: Stages of the pipeline. [1]
        micro_batches: Micro-batches of a step; for the interleaved schedule a multiple of stages.
            [1]
        parts: Parts of the network that each stage holds, 1 unless interleaved. [1]
        forward: Forward pass of a micro-batch through one stage, all its parts together. [s]
        backward: The same for the backward pass. [s]

    Returns:
        All work, in order of its start. [1]

    Raises:
        ValueError: If the schedule is unknown, a number is not positive, parts do not belong to
            the schedule, or micro-batches are no multiple of the stages where they must be.

    References:
        Narayanan et al. 2021, figures 3 and 4, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        Two stages, two micro-batches:

        >>> works = timeline("gpipe", 2, 2, 1, 1, 2)
        >>> [(work.stage, work.micro_batch, work.start) for work in works[:4]]
        [(0, 0, 0.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 2.0)]
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule = {schedule!r}: must be one of {', '.join(SCHEDULES)}")
    check_count(stages=stages, micro_batches=micro_batches, parts=parts)
    check_positive(forward=forward, backward=backward)
    if schedule != "interleaved" and parts != 1:
        raise ValueError(f"parts = {parts}: only the interleaved schedule has several")
    if schedule == "interleaved" and parts > 1 and micro_batches % stages:
        raise ValueError(
            f"micro_batches = {micro_batches}: the interleaved schedule needs a multiple of the "
            f"{stages} stages"
        )
    queues = [_order(schedule, stage, stages, micro_batches, parts) for stage in range(stages)]
    times = {"forward": forward / parts, "backward": backward / parts}
    done: dict[tuple[int, Step], float] = {}
    free = [0.0] * stages
    places = [0] * stages
    made: list[Work] = []
    moved = True
    while moved:
        moved = False
        for stage, queue in enumerate(queues):
            while places[stage] < len(queue):
                step = queue[places[stage]]
                before = _before(stage, step, stages, parts)
                if before is not None and before not in done:
                    break
                start = max(free[stage], done[before] if before else 0.0)
                end = start + times[step[0]]
                made.append(Work(stage, *step, start, end))
                done[stage, step] = free[stage] = end
                places[stage] += 1
                moved = True
    return sorted(made, key=lambda work: (work.start, work.stage))


def held(works: list[Work], stage: int) -> int:
    """Count the micro-batches whose activations a stage keeps, at most.

    A part of a stage keeps them from its forward pass until its backward pass is over.

    Args:
        works: A time line. [1]
        stage: The stage. [1]

    Returns:
        Most passes at once, through any part. [1]

    References:
        Narayanan et al. 2021, section 2.2, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> [held(timeline(each, 4, 8, 1, 1, 2), 0) for each in ("gpipe", "1f1b")]
        [8, 4]
    """
    events = sorted(
        (work.start, 1) if work.kind == "forward" else (work.end, -1)
        for work in works
        if work.stage == stage
    )
    most = now = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most


def _order(schedule: str, stage: int, stages: int, micro_batches: int, parts: int) -> list[Step]:
    """Give the order in which a stage takes its work."""
    count = micro_batches * parts
    if schedule == "gpipe":
        ahead = count
    elif parts == 1:
        ahead = min(count, stages - stage - 1)
    else:
        ahead = min(count, 2 * (stages - stage - 1) + (parts - 1) * stages)
    forwards = [_piece("forward", k, stages, parts) for k in range(count)]
    backwards = [_piece("backward", k, stages, parts) for k in range(count)]
    order = forwards[:ahead]
    for one, other in zip(forwards[ahead:], backwards, strict=False):
        order += [one, other]
    return order + backwards[count - ahead :]


def _piece(kind: str, place: int, stages: int, parts: int) -> Step:
    """Give the micro-batch and the part of the pass at a place; parts take turns in rounds."""
    if parts == 1:
        return kind, place, 0
    turn, rest = divmod(place, stages * parts)
    part, within = divmod(rest, stages)
    return kind, turn * stages + within, part if kind == "forward" else parts - 1 - part


def _before(stage: int, step: Step, stages: int, parts: int) -> tuple[int, Step] | None:
    """Give the work that must be done first; None for the first of all."""
    kind, micro_batch, part = step
    if kind == "forward":
        if stage:
            return stage - 1, step
        return (stages - 1, (kind, micro_batch, part - 1)) if part else None
    if stage < stages - 1:
        return stage + 1, step
    if part < parts - 1:
        return 0, (kind, micro_batch, part + 1)
    return stage, ("forward", micro_batch, part)
