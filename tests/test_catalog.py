"""Facts of the catalogue: sourced, dated, positive, and within what the hardware can do."""

import compileall
import datetime
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwcalc import catalog, roofline
from hwcalc.datafile import DATA

# Facts; fitted constants follow from measurements, and their own tests compute them again.
FILES = sorted(path for path in DATA.rglob("*.toml") if path.parent.name != "fitted")
CHIPS = catalog.accelerators()
LINKS = catalog.links()

# Dense operations of one multiprocessor in one clock: architecture and kind -> precision -> FLOP.
# NVIDIA: architecture papers; GeForce halves FP32 accumulation.
_TURING = {"fp16_acc16": 1024, "int8": 2048}
_AMPERE = {**_TURING, "fp16_acc16": 1024}
PER_CLOCK: dict[str, dict[str, int]] = {
    "Volta": {"fp32": 128, "fp16": 1024, "fp16_acc16": 1024},
    "Turing consumer": {"fp32": 128, "fp16": 512, **_TURING},
    "Turing": {"fp32": 128, "fp16": 1024, **_TURING},
    "Ampere consumer": {"fp32": 256, "tf32": 256, "fp16": 512, "bf16": 512, **_AMPERE},
    "Ampere": {"fp32": 256, "tf32": 512, "fp16": 1024, "bf16": 1024, **_AMPERE},
    "Ampere HBM": {
        "fp32": 128,
        "tf32": 1024,
        "fp16": 2048,
        "fp16_acc16": 2048,
        "bf16": 2048,
        "int8": 4096,
    },
    "Ada Lovelace consumer": {
        **{"fp32": 256, "tf32": 256, "fp16": 512, "bf16": 512, "fp16_acc16": 1024},
        **{"fp8": 1024, "int8": 2048},
    },
    "Ada Lovelace": {
        **{"fp32": 256, "tf32": 512, "fp16": 1024, "bf16": 1024, "fp16_acc16": 1024},
        **{"fp8": 2048, "int8": 2048},
    },
    "Hopper": {
        **{"fp32": 256, "tf32": 2048, "fp16": 4096, "bf16": 4096, "fp16_acc16": 4096},
        **{"fp8": 8192, "int8": 8192},
    },
    "Blackwell consumer": {
        **{"fp32": 256, "tf32": 256, "fp16": 512, "bf16": 512, "fp16_acc16": 1024},
        **{"fp8": 1024, "int8": 2048, "fp4": 4096},
    },
    "Blackwell workstation": {
        **{"fp32": 256, "tf32": 512, "fp16": 1024, "bf16": 1024, "fp16_acc16": 1024},
        **{"fp8": 2048, "int8": 2048, "fp4": 4096},
    },
    "Blackwell": {
        **{"fp32": 256, "tf32": 4096, "fp16": 8192, "bf16": 8192},
        **{"fp8": 16384, "int8": 16384, "fp4": 32768},
    },
    "CDNA": {"fp32": 128, "fp16": 1024, "bf16": 512, "int8": 1024},
    "CDNA 2": {"fp32": 128, "fp16": 1024, "bf16": 1024, "int8": 1024},
    "CDNA 3": {"fp32": 256, "tf32": 1024, "fp16": 2048, "bf16": 2048, "fp8": 4096, "int8": 4096},
    "CDNA 4": {"fp32": 256, "fp16": 4096, "bf16": 4096, "fp8": 8192, "int8": 8192, "fp4": 16384},
    "RDNA 3": {"fp32": 256, "fp16": 512, "fp16_acc16": 512, "bf16": 512, "int8": 512},
    "RDNA 4": {"fp32": 256, "fp16": 1024, "bf16": 1024, "fp8": 2048, "int8": 2048},
    # Per TensorCore: matrix units x 128 x 128 x 2.
    "TPU v2": {"bf16": 32768},
    "TPU v3": {"bf16": 65536},
    "TPU v4": {"bf16": 131072, "int8": 131072},
    "TPU v5e": {"bf16": 131072, "int8": 262144},
}


# Where NVIDIA states more than its clock, as other documents give it, would allow.
STATED_ABOVE_CLOCK = {
    ("gb10", "fp32"): 1.05,  # 31 TFLOPS at Hot Chips; 48 units at 2418 MHz make 29.7
    ("gb10", "fp4"): 1.06,  # half of "a petaflop"
    ("b200", "fp32"): 1.01,  # 600 TFLOPS of a board of eight, rounded
}


def _per_clock(chip: catalog.Accelerator) -> dict[str, int]:
    """Look up what one multiprocessor of a chip does in a clock; empty if no document says so."""
    # Orin: the A100's tensor cores, 170 sparse TOPS from 16 multiprocessors, and twice its cores.
    if chip.family == "Ampere" and chip.memory_type.startswith("LPDDR"):
        return {**PER_CLOCK["Ampere HBM"], "fp32": 256}
    if chip.family == "Ampere" and chip.memory_type.startswith("HBM"):
        return PER_CLOCK["Ampere HBM"]
    # A Titan is sold to consumers but is not slowed down.
    kind = "pro" if chip.id == "titan-rtx" else chip.kind
    return PER_CLOCK.get(f"{chip.family} {kind}", PER_CLOCK.get(chip.family, {}))


def _raw(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _numbers(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + key, value


def _keys(table: dict[str, Any], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for key, value in table.items():
        keys.add(prefix + key)
        if isinstance(value, dict):
            keys |= _keys(value, f"{prefix}{key}.")
    return keys


def test_the_catalogue_is_complete() -> None:
    """Everything that was collected is there; a lost file would go unnoticed otherwise."""
    assert len(CHIPS) == 131
    assert len(catalog.transformers()) == 155
    assert len(catalog.convnets()) == 24
    assert {link.family for link in LINKS.values()} == {
        "PCIe",
        "NVLink",
        "InfiniBand",
        "Ethernet",
        "ICI",
        "xGMI",
    }


@pytest.mark.parametrize("folder", [CHIPS, LINKS, catalog.transformers(), catalog.convnets()])
def test_every_entry_can_be_read_named_and_grouped(folder: Any) -> None:
    """Ids equal file names, and a list on a page shows a name below a heading."""
    names = set()
    for key, entry in folder.items():
        assert entry.id == key
        assert re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", key), key
        assert entry.name
        assert entry.name not in names, f"two entries are called {entry.name}"
        names.add(entry.name)
        assert entry.vendor
        assert entry.family


@pytest.mark.process
def test_a_byte_compiled_copy_finds_its_data(tmp_path: Path) -> None:
    """The browser gets the package compiled and without sources, unpacked somewhere."""
    copy = tmp_path / "hwcalc"
    shutil.copytree(DATA.parent, copy, ignore=shutil.ignore_patterns("web", "__pycache__"))
    compileall.compile_dir(copy, quiet=1, legacy=True)
    for source in copy.rglob("*.py"):
        source.unlink()
    code = "from hwcalc import catalog; print(catalog.__file__, len(catalog.accelerators()))"
    code += "; catalog.convnets()['alexnet'], catalog.links()['nvlink-4']"
    command = [sys.executable, "-S", "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(copy / "catalog.pyc"), str(len(CHIPS))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_names_its_sources_and_a_day(path: Path) -> None:
    """A reader can go and look; a source is a document, never a memory."""
    raw = _raw(path)
    if "checked" not in raw:
        pytest.fail(f"{path.name} has no checked day")
    assert datetime.date(2026, 1, 1) <= raw["checked"] <= datetime.date.today()
    sources = raw["source"] if isinstance(raw["source"], list) else [raw["source"]]
    assert sources
    for source in sources:
        assert len(source) > 8
        assert "from memory" not in source.lower()
        assert "recalled" not in source.lower()
        assert "[M]" not in source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_number_is_negative_and_no_mark_is_left(path: Path) -> None:
    """Not supported is an absent key, never a zero; zero counts parts that are absent."""
    raw = _raw(path)
    for key, value in _numbers(raw):
        zero_is_meant = key in ("experts.shared", "experts.dense_first", "latent.query_rank")
        zero_is_meant |= key == "latent.rope_dim"
        assert value > 0 or (zero_is_meant and value == 0), f"{key} = {value}"
    assert "[M]" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_marks_of_doubt_name_keys_of_the_file(path: Path) -> None:
    """A key that is marked unverified or derived exists, so the mark reaches the reader."""
    raw = _raw(path)
    keys = _keys(raw)
    for mark in ("unverified", "derived"):
        for key in raw.get(mark, ()):
            assert key in keys, f"{mark} names {key}, which the file does not have"


@pytest.mark.parametrize("key", CHIPS)
def test_dense_rates_are_within_the_physical_peak(key: str) -> None:
    """A rate above units x clock x operations is sparse, of another precision, or wrong.

    The margin is the rounding of vendors: 197 TFLOPS of TPU v5e are 196.6.
    """
    chip = CHIPS[key]
    per_clock = _per_clock(chip)
    if not {"sm_count", "clock"} <= chip.published.keys():
        return
    for precision, rate in chip.peak.items():
        if precision in per_clock:
            physical = chip.sm_count * chip.clock * per_clock[precision]
            margin = STATED_ABOVE_CLOCK.get((key, precision), 1.005)
            assert rate <= physical * margin, f"{precision}: {rate:g} above {physical:g}"
            # Half or less of what the silicon could do is a unit error unless the notes say why.
            explained = key in ("l40", "a10g", "b300")
            assert explained or rate > physical * 0.85, f"{precision}: {rate:g} of {physical:g}"


def test_the_physical_peak_is_known_for_most_chips() -> None:
    """The test above must not pass because its table is empty."""
    checked = [
        (key, precision)
        for key, chip in CHIPS.items()
        if {"sm_count", "clock"} <= chip.published.keys()
        for precision in chip.peak
        if precision in _per_clock(chip)
    ]
    assert len({key for key, _ in checked}) >= 70
    assert len(checked) >= 350


@pytest.mark.parametrize("key", CHIPS)
def test_narrower_formats_are_not_slower(key: str) -> None:
    """No chip does FP8 slower than FP16 or FP4 slower than FP8; a swap of columns would show."""
    peak = CHIPS[key].peak
    order = [p for p in ("fp32", "tf32", "bf16", "fp8", "fp4") if p in peak]
    if key == "max-1550":
        order = [p for p in order if p != "fp32"]
    rates = [peak[precision] for precision in order]
    assert rates == sorted(rates)
    if "fp16" in peak and "fp16_acc16" in peak:
        assert peak["fp16"] <= peak["fp16_acc16"] <= 2.01 * peak["fp16"]


@pytest.mark.parametrize("key", CHIPS)
def test_memory_and_links_are_of_the_right_magnitude(key: str) -> None:
    """Bytes, not gigabytes: a missing exponent is off by orders of magnitude."""
    chip = CHIPS[key]
    assert 2**30 <= chip.memory <= 2**40
    assert 5e10 <= chip.bandwidth <= 1e14
    assert chip.published.get("memory_fitted", chip.memory) >= chip.memory
    if "tdp" in chip.published:
        assert 50 <= chip.tdp <= 2500
    if "l2" in chip.published:
        assert 2**18 <= chip.l2 <= 2**29
    if "link_bandwidth" in chip.published:
        assert 1e10 <= chip.link_bandwidth < chip.bandwidth
    assert ("price" in chip.published) == bool(chip.price_date)


def test_a_gb_of_a_gpu_is_a_gib() -> None:
    """80 GB of an H100 are 80 x 2^30 bytes, 7 % more than 80 x 10^9."""
    assert CHIPS["h100-sxm"].memory == 80 * 2**30
    assert CHIPS["h200-sxm"].memory == 141 * 2**30
    assert CHIPS["h200-sxm"].published["memory_fitted"] == 144 * 2**30


def test_bandwidth_is_decimal() -> None:
    """A terabyte per second read as tebibytes is 10 % off: 3.35e12 B stream in one second."""
    assert roofline.memory_time(3.35e12, CHIPS["h100-sxm"].bandwidth) == 1.0


@pytest.mark.parametrize(
    ("key", "precision", "dense", "advertised_sparse"),
    [
        ("h100-sxm", "tf32", 494.7e12, 989.4e12),
        ("h100-sxm", "bf16", 989.4e12, 1978.9e12),
        ("h100-sxm", "fp8", 1978.9e12, 3957.8e12),
        ("a100-sxm-80gb", "bf16", 312e12, 624e12),
        ("a100-sxm-80gb", "tf32", 156e12, 312e12),
        ("l40s", "fp8", 733e12, 1466e12),
        ("b200", "fp4", 9e15, 18e15),
        ("mi300x", "fp8", 2614.9e12, 5229.8e12),
    ],
)
def test_rates_are_dense(key: str, precision: str, dense: float, advertised_sparse: float) -> None:
    """Vendors print the sparse figure in large type; half of it is what a matrix gets."""
    assert CHIPS[key].peak[precision] == dense
    assert dense == pytest.approx(advertised_sparse / 2, rel=1e-3)


def test_packages_are_whole() -> None:
    """Data bases list one die of a two-die package, or count a bandwidth twice."""
    assert CHIPS["b200"].memory >= 180 * 2**30
    assert CHIPS["b200"].bandwidth == 8e12
    assert CHIPS["mi300x"].bandwidth == 5.3e12
    assert CHIPS["mi300x"].memory == 192 * 2**30


def test_geforce_accumulates_in_fp32_at_half_rate() -> None:
    """The advertised FP16 rate of a GeForce is with FP16 accumulation."""
    chips = [
        chip
        for chip in CHIPS.values()
        if chip.kind == "consumer" and chip.id.startswith(("rtx-20", "rtx-30", "rtx-40", "rtx-50"))
    ]
    assert len(chips) >= 20
    for chip in chips:
        assert chip.peak["fp16_acc16"] == pytest.approx(2 * chip.peak["fp16"], rel=2e-3), chip.id


def test_a_missing_figure_is_an_error_that_helps() -> None:
    """The page shows the sentence beside its controls; the calculation does not go on with None."""
    old = CHIPS["gtx-580"]
    with pytest.raises(ValueError, match="GTX 580 has no bf16 rate; published: fp32"):
        old.peak["bf16"]
    assert "bf16" not in old.peak
    assert old.peak.get("bf16") is None
    with pytest.raises(ValueError, match="GTX 580: a rate of a chip-to-chip link is not published"):
        _ = old.link_bandwidth
    with pytest.raises(ValueError, match="TPU v4: its power is not published"):
        _ = CHIPS["tpu-v4"].tdp


def test_facts_cannot_be_changed() -> None:
    """One calculator must not alter the catalogue of the next."""
    chip = CHIPS["h100-sxm"]
    with pytest.raises(AttributeError):
        chip.bandwidth = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        chip.peak["bf16"] = 1.0  # type: ignore[index]
    with pytest.raises(TypeError):
        chip.published["tdp"] = 1.0  # type: ignore[index]


@pytest.mark.parametrize("key", LINKS)
def test_no_measured_link_beats_its_specification(key: str) -> None:
    """A faster measurement is a wrong number, or counts both directions."""
    link = LINKS[key]
    if link.achieved is None:
        with pytest.raises(ValueError, match="no achieved rate is recorded"):
            _ = link.efficiency
    else:
        assert 0.4 < link.efficiency <= 1.0
        assert link.achieved_by
    if link.latency is not None:
        assert 1e-7 < link.latency < 1e-3


@pytest.mark.parametrize(
    ("generation", "transfers", "encoding"),
    [
        (1, 2.5e9, 8 / 10),
        (2, 5e9, 8 / 10),
        (3, 8e9, 128 / 130),
        (4, 16e9, 128 / 130),
        (5, 32e9, 128 / 130),
        (6, 64e9, 242 / 256),
    ],
)
@pytest.mark.parametrize("lanes", [1, 4, 8, 16])
def test_pcie_rates_follow_from_line_rate_and_encoding(
    generation: int, transfers: float, encoding: float, lanes: int
) -> None:
    """Transfers per second x lanes x share of payload bits / 8."""
    link = LINKS[f"pcie-{generation}-x{lanes}"]
    assert link.lanes == lanes
    assert link.bandwidth == pytest.approx(transfers * lanes * encoding / 8, rel=1e-5)


@pytest.mark.parametrize(
    ("link", "measured", "share", "within"),
    [
        ("ethernet-1", 118e6, 0.944, 0.001),  # between two nodes
        ("pcie-5-x16", 55.4e9, 0.88, 0.02),  # one of two measurements; the catalogue has 56.3
        ("nvlink-4", 396e9, 0.88, 0.06),  # two H200; the catalogue has two H100, 376
        ("xgmi-mi300x-pair", 47.7e9, 0.745, 0.001),  # bus bandwidth of an all-reduce
        ("xgmi-mi300x", 312.9e9, 0.698, 0.001),
    ],
)
def test_links_reach_what_was_measured(
    link: str, measured: float, share: float, within: float
) -> None:
    """Copies get 88 % of a link and collectives less; other machines differ by a few percent."""
    assert measured / LINKS[link].bandwidth == pytest.approx(share, abs=0.002)
    assert LINKS[link].achieved == pytest.approx(measured, rel=within)


@pytest.mark.parametrize(
    ("link", "chip"),
    [
        ("nvlink-1", "p100-sxm2"),
        ("nvlink-2", "v100-sxm2-16gb"),
        ("nvlink-2-bridge", "rtx-2080-ti"),
        ("nvlink-3", "a100-sxm-80gb"),
        ("nvlink-3-bridge", "rtx-3090"),
        ("nvlink-4", "h100-sxm"),
        ("nvlink-5", "b200"),
        ("nvlink-6", "rubin-vr200"),
        *((f"ici-{key[4:]}", key) for key in CHIPS if key.startswith("tpu")),
        *((key, key[5:]) for key in LINKS if re.fullmatch(r"xgmi-mi\d+x?", key)),
    ],
)
def test_a_link_has_the_rate_of_the_chips_that_carry_it(link: str, chip: str) -> None:
    """The same fact stands in two files; they must not drift apart."""
    assert LINKS[link].bandwidth == CHIPS[chip].link_bandwidth
    if "links" in CHIPS[chip].published:
        assert LINKS[link].lanes == CHIPS[chip].links


def test_a_pair_of_amd_chips_has_one_of_their_links() -> None:
    """All seven links add up only when all eight chips talk at once."""
    for chip in ("mi300x", "mi355x"):
        whole, pair = LINKS[f"xgmi-{chip}"], LINKS[f"xgmi-{chip}-pair"]
        assert whole.lanes == 7
        assert pair.bandwidth == pytest.approx(whole.bandwidth / 7)
