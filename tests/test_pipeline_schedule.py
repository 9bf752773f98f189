"""Schedules of a pipeline, carried out."""

import itertools

import pytest

from hwcalc.pipeline_schedule import held, idle_share, timeline

CASES = [
    (schedule, stages, stages * rounds, parts)
    for schedule, stages, rounds, parts in itertools.product(
        ("gpipe", "1f1b", "interleaved"), (1, 2, 4, 8), (1, 2, 4), (1, 2, 3)
    )
    if parts == 1 or schedule == "interleaved"
]


@pytest.mark.parametrize(("schedule", "stages", "micro_batches", "parts"), CASES)
def test_the_time_line_idles_as_the_formula_says(
    schedule: str, stages: int, micro_batches: int, parts: int
) -> None:
    """The published formula must come out of carrying the schedule out, not be put into it."""
    works = timeline(schedule, stages, micro_batches, parts, 1.0, 2.0)
    end = max(work.end for work in works)
    busy = sum(work.end - work.start for work in works)
    assert len(works) == 2 * stages * micro_batches * parts
    assert 1 - busy / (stages * end) == pytest.approx(idle_share(stages, micro_batches, parts))


@pytest.mark.parametrize(("schedule", "stages", "micro_batches", "parts"), CASES)
def test_no_stage_does_two_things_at_once(
    schedule: str, stages: int, micro_batches: int, parts: int
) -> None:
    """And every pass follows the pass that it builds on."""
    works = timeline(schedule, stages, micro_batches, parts, 1.0, 2.0)
    for stage in range(stages):
        mine = [work for work in works if work.stage == stage]
        assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(mine))
    ends = {(w.stage, w.kind, w.micro_batch, w.part): w.end for w in works}
    for work in works:
        if work.kind == "forward" and work.stage:
            assert work.start >= ends[work.stage - 1, "forward", work.micro_batch, work.part] - 1e-9
        if work.kind == "backward":
            assert work.start >= ends[work.stage, "forward", work.micro_batch, work.part] - 1e-9


def test_published_idle_shares() -> None:
    """Eight stages: 46.7 % with 8 micro-batches, 17.9 % with 32; 87.5 and 21.9 % of the ideal."""
    assert idle_share(8, 8, 1) == pytest.approx(7 / 15)
    assert idle_share(8, 32, 1) == pytest.approx(7 / 39)
    for micro_batches, over_ideal in ((8, 0.875), (32, 0.21875)):
        idle = idle_share(8, micro_batches, 1)
        assert idle / (1 - idle) == pytest.approx(over_ideal)


def test_one_forward_one_backward_saves_memory_not_time() -> None:
    """The first stage of 1F1B keeps as many micro-batches as there are stages, GPipe all."""
    gpipe, other = (timeline(each, 4, 16, 1, 1.0, 2.0) for each in ("gpipe", "1f1b"))
    assert (held(gpipe, 0), held(other, 0), held(other, 3)) == (16, 4, 1)
    assert max(w.end for w in gpipe) == pytest.approx(max(w.end for w in other))


def test_what_cannot_be_scheduled_is_refused() -> None:
    """Rounds of the interleaved schedule need as many micro-batches as stages."""
    with pytest.raises(ValueError, match="multiple of the 4 stages"):
        timeline("interleaved", 4, 6, 2, 1.0, 2.0)
    with pytest.raises(ValueError, match="only the interleaved"):
        timeline("1f1b", 4, 8, 2, 1.0, 2.0)
    with pytest.raises(ValueError, match="schedule = 'zigzag'"):
        timeline("zigzag", 4, 8, 1, 1.0, 2.0)
