"""Serving under load: conservation, limits whose answer is obvious, and what engines cost."""

from dataclasses import replace

import numpy as np
import pytest

from hwcalc import catalog, cost
from hwcalc.batches import batch_time, opening_steps, opening_time
from hwcalc.deployment import Deployment, deploy, most_sequences, usable_format
from hwcalc.engines import AT_ONCE, ENGINES, Engine, Intake, engine, memory_tokens
from hwcalc.serving import service, steady_steps, under_load
from hwcalc.serving_memory import serving_memory
from hwcalc.serving_step import decode_step, prefill_step
from tests.fit_serving import FITTED, USUAL, constants, text

CHIPS, NETWORKS = catalog.accelerators(), catalog.transformers()
FREE = Engine("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def placed(ranks: int = 1) -> Deployment:
    """Put Llama 3.1 8B on H100."""
    return deploy(CHIPS["h100-sxm"], NETWORKS["llama3.1-8b"], ranks, "bf16", "bf16", 2, False)


def test_one_client_alone() -> None:
    """Without others and without a host there is a prompt's step and a step for each token."""
    found = service(placed(), FREE, 1, 1000, 500, 1)
    decode = sum(decode_step(placed(), 1, 1250).values())
    assert found.between == pytest.approx(decode, rel=1e-4)
    assert found.rate == pytest.approx(500 / found.request)
    # Its own prompt waits for half a step of its own past and is read beside one sequence.
    assert found.first == pytest.approx(sum(prefill_step(placed(), 1, 1000).values()), rel=0.4)


@pytest.mark.parametrize("places", [8.0, 64.0, 1000.0])
def test_requests_are_conserved(places: float) -> None:
    """Little's law: requests in flight are the rate of requests times their time."""
    found = service(placed(), engine("vllm"), 64, 1000, 500, places)
    assert found.rate / 500 * found.request == pytest.approx(64)
    assert found.prompt_rate == pytest.approx(2 * found.rate)
    assert found.running == min(64, places)


def test_the_frontier() -> None:
    """More clients bring throughput and cost everybody time; beyond memory they only wait."""
    clients = 2.0 ** np.arange(11)
    found = service(placed(), engine("vllm"), clients, 1000, 500, 256)  # type: ignore[arg-type]
    assert (np.diff(found.between) >= 0).all()
    assert (np.diff(found.rate) >= -1e-9).all()
    assert (np.diff(found.first) > 0).all()
    beyond = np.array(clients) > 256
    assert np.ptp(np.array(found.rate)[beyond]) == pytest.approx(0)
    assert found.first[-1] > 10 * found.first[6]  # type: ignore[index]


def test_arrays() -> None:
    """A sweep is the same calculation as its points."""
    clients = np.array([1.0, 7.0, 300.0])
    swept = service(placed(), engine("sglang"), clients, 800, 200, 128)  # type: ignore[arg-type]
    single = [service(placed(), engine("sglang"), c, 800, 200, 128) for c in clients.tolist()]
    np.testing.assert_allclose(np.array(swept).T, single)


def test_a_prompt_of_others_stalls_everybody() -> None:
    """The longer other people's prompts, the longer between one's own tokens."""
    times = [service(placed(), FREE, 32, prompt, 200, 64).between for prompt in (128, 1024, 8192)]
    assert times[0] < times[1] < times[2]
    # Prompts take the accelerators' time, however they are interleaved.
    busy = 32 / service(placed(), FREE, 32, 8192, 200, 64).request
    assert busy * sum(prefill_step(placed(), 1, 8192).values()) < 1


def test_the_host_costs_what_it_says() -> None:
    """Each constant of an engine lengthens what it is named after, and nothing shortens."""
    steps = steady_steps(placed(8), 16, 64, 64)
    free = under_load(steps, FREE, 16, 64, 64)
    slower = {
        "step": replace(FREE, step=1e-3),
        "sequence": replace(FREE, sequence=1e-3),
        "kernel": replace(FREE, kernel=1e-4),
        "request": replace(FREE, request=1e-3),
    }
    loads = {name: under_load(steps, host, 16, 64, 64) for name, host in slower.items()}
    assert loads["step"].between == pytest.approx(free.between + 1e-3)
    assert loads["sequence"].between == pytest.approx(free.between + 16e-3)
    assert loads["request"].between == free.between
    assert loads["request"].first == pytest.approx(free.first + 1e-3)
    assert loads["kernel"].between > free.between
    # Starting 352 kernels, eleven in a layer, takes longer than they do.
    assert steps.kernels == 32 * 11
    assert steps.mixed < 35.2e-3
    expected = (1 - steps.reading) * steps.decode + steps.reading * 35.2e-3
    assert loads["kernel"].between == pytest.approx(expected)


def test_experts_are_routed_by_the_host() -> None:
    """In each of the layers with experts a step that reads prompts costs the host its routing."""
    sparse = deploy(CHIPS["h200-sxm"], NETWORKS["deepseek-v3"], 8, "fp8", "fp8", 2, False)
    assert sparse.expert_layers == 58
    assert placed().expert_layers == 0
    parts = batch_time(sparse, replace(FREE, routing=1e-2), 1, 8, 2)
    assert parts["prefill"] == pytest.approx(0.58)


def test_an_engine_that_looks_seldom() -> None:
    """Prompts wait for half the steps between two looks, and fewer steps read more of them."""
    steps = [
        steady_steps(placed(), 64, 512, 256, Intake(every, 0.0, 8192.0)) for every in (1.0, 30.0)
    ]
    assert [found.waited for found in steps] == [0, 14.5]
    arriving = 63 / 256
    assert steps[0].reading == pytest.approx(1 - np.exp(-arriving))
    assert steps[1].reading == pytest.approx((1 - np.exp(-30 * arriving)) / 30)
    assert steps[1].mixed > steps[0].mixed


def test_an_engine_that_waits_for_company() -> None:
    """The first prompt is held for all the steps, those that join it for half of them."""
    held = steady_steps(placed(), 64, 512, 256, Intake(1.0, 20.0, 8192.0))
    arriving = 63 / 256
    found = arriving / (1 - np.exp(-arriving))
    joined = 20 * arriving
    assert held.reading == pytest.approx(arriving / (found + joined))
    assert held.waited == pytest.approx((20 * found + 10 * joined) / (found + joined))
    loads = [
        service(placed(), FREE, 64, 512, 256, 64, Intake(1.0, hold, 8192.0)) for hold in (0.0, 20.0)
    ]
    assert loads[1].first > loads[0].first


def test_equal_lengths_come_in_groups() -> None:
    """Equal requests come back in two halves of what a step reads; one alone meets nobody."""
    alike = [steady_steps(placed(), r, 512, 256, AT_ONCE, True) for r in (1.0, 16.0, 160.0)]
    # Of 16 that a step takes, eight come a step later: once in 256 steps they stall the others.
    assert [found.reading * 256 for found in alike] == pytest.approx([0, 1, 19], rel=0.05, abs=1e-5)
    apart = steady_steps(placed(), 160, 512, 256)
    assert alike[2].reading < apart.reading
    assert alike[2].mixed > apart.mixed


def test_conversions() -> None:
    """Activations are converted once for all that read them in FP8: four times in a dense layer."""
    network = NETWORKS["llama3.1-8b"]
    narrow = deploy(CHIPS["h100-sxm"], network, 1, "fp8", "fp8", 2, False)
    assert (placed().converted, narrow.converted) == (0, 4 * 32)
    # Latent attention converts the compressed query as well; in three layers experts are missing.
    sparse = deploy(CHIPS["h200-sxm"], NETWORKS["deepseek-v3"], 8, "fp8", "fp8", 2, False)
    assert sparse.converted == pytest.approx(3 * 61 + 2 * 3 + (1 + 2) * 58)
    costly = replace(FREE, convert=1e-6)
    slow, fast = (service(narrow, host, 8, 100, 100, 8).between for host in (costly, FREE))
    assert slow - fast == pytest.approx(128e-6)


def test_measured_steps_of_one_more_network() -> None:
    """vLLM 0.19 took 6.0 ms a token on an H100 and 10.6 on an A100 with PCIe: within 15 %.

    Qwen2.5 7B in 16 bits, eight sequences of 2,048 and 256 tokens, medians between tokens, so
    without other people's prompts (ledger of KV-planner, a run on rented cards).
    """
    for chip, measured in (("h100-sxm", 6.0e-3), ("a100-pcie-80gb", 10.6e-3)):
        where = deploy(CHIPS[chip], NETWORKS["qwen2.5-7b"], 1, "fp16", "fp16", 2, False)
        step = sum(decode_step(where, 8, 2048 + 128).values())
        step += engine("vllm").beside(8, where.converted)
        assert step == pytest.approx(measured, rel=0.15)


def test_whole_batches() -> None:
    """A batch's time is its prompts' step and a step for every further token."""
    parts = batch_time(placed(), FREE, 16, 512, 101)
    assert parts["prefill"] == pytest.approx(sum(prefill_step(placed(), 16, 512).values()))
    one = sum(decode_step(placed(), 16, 512 + 101 / 2).values())
    assert parts["decode"] == pytest.approx(100 * one)


def test_all_at_once() -> None:
    """Of prompts that arrive together the mean one waits for half, whole steps at a time."""
    found = opening_steps(placed(), 64, 2048)
    assert found.together == 4
    step = sum(prefill_step(placed(), 4, 2048).values())
    assert opening_time(found, FREE) == pytest.approx((16 + 1) / 2 * step)
    assert opening_steps(placed(), 2, 100_000).together == 1


def test_memory_bounds_the_sequences() -> None:
    """As many sequences as fit use just the share of the memory that the engine takes."""
    chip, network = CHIPS["h100-sxm"], NETWORKS["llama3.1-70b"]
    most = most_sequences(chip, network, "fp8", 9216, 2, 2, 0.9)
    used = serving_memory(network, "fp8", most, 9216, 2, 16, 8192, 2, 0.0)
    assert sum(used.values()) == pytest.approx(0.9 * chip.memory)
    assert most_sequences(chip, network, "bf16", 9216, 2, 1, 0.9) < 1


def test_who_sets_the_answer_aside_has_fewer_places() -> None:
    """An engine that never interrupts holds memory for whole answers, others for half of them."""
    assert memory_tokens("trtllm", 1000, 4000) == 5000
    assert memory_tokens("vllm", 1000, 4000) == memory_tokens("sglang", 1000, 4000) == 3000
    with pytest.raises(ValueError, match="name = 'ggml'"):
        memory_tokens("ggml", 1, 1)


def test_energy_is_at_most_the_limit() -> None:
    """Whatever is drawn, a token's energy is at most the limit's times its time (PEERS 6, 20)."""
    found = service(placed(4), engine("vllm"), 32, 1000, 500, 64)
    limit = CHIPS["h100-sxm"].tdp
    for drawn in (0.1, 0.7, 1.0):
        joules = cost.energy(4, 1 / found.rate, drawn * limit, 1.0)
        assert joules <= 4 * limit / found.rate * (1 + 1e-12)
    assert joules == pytest.approx(4 * limit / found.rate)


def test_experts_in_memory_are_all_of_them() -> None:
    """Memory holds every expert, however few a token meets (PEERS 6, 15)."""
    found = most_sequences(CHIPS["h100-sxm"], NETWORKS["qwen3-235b-a22b"], "fp8", 4096, 2, 2, 0.9)
    assert found < 1


def test_formats_for_chips_without_them() -> None:
    """Narrow weights are widened where the chip has no rate for them; unknown ones are refused."""
    assert usable_format(CHIPS["b200"], "fp4") == "fp4"
    assert usable_format(CHIPS["h100-sxm"], "fp4") == "int4_weights"
    assert usable_format(CHIPS["v100-sxm2-32gb"], "bf16") == "bf16"
    assert usable_format(CHIPS["gtx-1080"], "bf16") == "fp32"
    with pytest.raises(ValueError, match="fp7"):
        usable_format(CHIPS["b200"], "fp7")


def test_a_refit_gives_the_committed_constants() -> None:
    """Whoever doubts a constant can compute it: the file is what the search finds."""
    for name, value in constants().items():
        assert getattr(engine("sglang"), name) == pytest.approx(value, rel=5e-3), name


def test_the_file_is_as_it_is_written() -> None:
    """The constants stand in the file in the order and form in which they are computed."""
    kept = {name: getattr(engine("vllm"), name) for name in USUAL}
    assert FITTED.read_text(encoding="utf-8") == text(kept)


def test_engines_differ_in_conversions_alone() -> None:
    """One set of constants for all engines, of which one spares the conversions."""
    one, other, fused = (replace(engine(name), name="") for name in ENGINES)
    assert one == other
    assert fused == replace(one, convert=0.0)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: engine("unknown"), "unknown"),
        (lambda: service(placed(), FREE, 0.25, 10, 10, 1), "running = 0.25"),
        (lambda: service(placed(), FREE, 1, 0, 10, 1), "prompt = 0"),
        (lambda: service(placed(), FREE, 4, 10, 10, 0.5), "running = 0.5"),
        (lambda: batch_time(placed(), FREE, 2.5, 10, 10), "batch = 2.5"),
    ],
)
def test_mistakes(call: object, says: str) -> None:
    """A reader's mistake is refused with its name and value."""
    with pytest.raises(ValueError, match=says):
        call()  # type: ignore[operator]
