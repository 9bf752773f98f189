"""Charts as specifications: what is refused, what is drawn in which order, how axes are scaled."""

import ast
import json
import math
from typing import Any

import pytest

from hwcalc import vegalite
from hwcalc.charts import Axis, Band, Bars, Cells, Chart, Line, Mark, Points, Rule, Spans


def chart(*marks: Mark, x: Axis | None = None, y: Axis | None = None, **more: Any) -> Chart:
    """A chart about nothing, to look at its marks."""
    return Chart("c", "C", x=x or Axis("X"), y=y or Axis("Y"), marks=marks, alt="1 mark", **more)


def channels(spec: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """One channel of every layer that has it."""
    return [layer["encoding"][name] for layer in spec["layer"] if name in layer["encoding"]]


@pytest.mark.parametrize(
    "mark",
    [
        Line("a", [1, 2, 3], [1, 2]),
        Band("a", [1, 2], [0, 0], [1]),
        Points("a", [1, 2], [1, 2], labels=["one"]),
        Bars("a", ["x", "y"], [1]),
        Spans("a", ["x"], [0], [1, 2]),
        Line("a", range(3), [1, 2]),
        Cells("a", ["x"], ["u", "v"], [[1]]),
        Cells("a", ["x", "y"], ["u"], [[1]]),
    ],
)
def test_unequal_lengths_are_refused(mark: Mark) -> None:
    """Coordinates without partner are an author's slip, which no drawing may hide."""
    with pytest.raises(TypeError, match=rf"chart c: {type(mark).__name__} of unequal lengths"):
        chart(mark)


@pytest.mark.parametrize(
    "mark",
    [
        Line("a", [1, 2], [1, 0]),
        Band("a", [1, 2], [-1, 1], [1, 2]),
        Points("a", [1], [-5]),
        Rule(y=0),
    ],
)
def test_a_logarithmic_axis_refuses_what_has_no_logarithm(mark: Mark) -> None:
    """Zero and negative numbers have no place on it, and would vanish without a word."""
    with pytest.raises(TypeError, match=r"chart c: log axis Time cannot show -?\d"):
        chart(mark, y=Axis("Time", "s", scale="log"))
    chart(mark, y=Axis("Time", "s"))


def test_a_logarithmic_axis_refuses_limits_and_bars_that_start_at_zero() -> None:
    """A bar's length is its value, which needs a zero to stand on."""
    with pytest.raises(TypeError, match="log axis Y cannot show 0"):
        chart(Line("a", [1], [1]), y=Axis("Y", scale="log", low=0))
    for horizontal, sides in ((False, "y"), (True, "x")):
        axis = {sides: Axis("T", "s", scale="log")}
        with pytest.raises(TypeError, match="bars stand on zero"):
            chart(Bars("a", ["x"], [5]), horizontal=horizontal, **axis)


def test_a_chart_without_marks_is_refused() -> None:
    """Nothing to draw would be a picture of no size."""
    with pytest.raises(TypeError, match="chart c has nothing to draw"):
        chart()


@pytest.mark.parametrize("rule", [Rule(label="nowhere"), Rule(x=1, y=2)])
def test_a_rule_stands_at_one_x_or_one_y(rule: Rule) -> None:
    """Neither a rule without place nor one with two is drawn as something else."""
    with pytest.raises(TypeError, match="a rule stands at one x or at one y"):
        chart(rule)


def test_an_axis_with_an_unknown_unit_is_refused() -> None:
    """Ticks would be wrong by the prefix that nobody recognised."""
    with pytest.raises(LookupError, match="unknown unit 'ms/step'"):
        Axis("Time", "ms/step")


@pytest.mark.parametrize(
    ("axis", "values", "title", "drawn"),
    [
        (Axis("Time", "s"), [0.001, 0.02], "Time [ms]", [1, 20]),
        (Axis("Rate", "B/s"), [1e9, 3.35e12], "Rate [TB/s]", [0.001, 3.35]),
        (Axis("Share", "%"), [0.2, 0.9], "Share [%]", [20, 90]),
        (Axis("Memory", "iB"), [2**30, 2**34], "Memory [GiB]", [1, 16]),
        (Axis("Rate", "GB/s"), [1e9, 5e9], "Rate [GB/s]", [1, 5]),
        (Axis("Published", "year"), [2018.5, 2020], "Published", [2018.5, 2020]),
        (Axis("GPUs"), [1, 4096], "GPUs", [1, 4096]),
        (Axis("Time", "s", high=7200), [60, 120], "Time [min]", [1, 2]),
    ],
)
def test_axes_choose_a_prefix_and_say_which(
    axis: Axis, values: list[float], title: str, drawn: list[float]
) -> None:
    """Values are drawn in the unit that the axis names, along x and along y."""
    spec = vegalite.spec(chart(Line("a", values, values), x=axis, y=axis))
    for side in ("x", "y"):
        assert [row[side] for row in spec["datasets"]["m0"]] == pytest.approx(drawn)
        assert {channel["title"] for channel in channels(spec, side)} == {title}


def test_axes_that_share_a_chart_share_one_scale() -> None:
    """A rule and a point use the same prefix as the line, or they would stand elsewhere."""
    spec = vegalite.spec(
        chart(
            Line("a", [1e-6, 5.0], [1, 2]),
            Points("b", [1e-3], [1]),
            Rule(x=2.5e-3),
            x=Axis("T", "s", low=0),
        )
    )
    drawn = [[row["x"] for row in rows] for rows in spec["datasets"].values()]
    assert drawn == [[1e-6, 5.0], [1e-3], [2.5e-3]]
    assert {channel["title"] for channel in channels(spec, "x")} == {"T [s]"}
    assert {channel["scale"]["domainMin"] for channel in channels(spec, "x")} == {0}


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1, 16, [1, 2, 5, 10]),
        (1, 1e6, [1, 10, 100, 1000, 1e4, 1e5, 1e6]),
        (0.03, 0.4, [0.05, 0.1, 0.2]),
        (3, 4, None),  # none of 1, 2, 5 lies between: Vega chooses
        (1.5, 4, None),  # one tick alone tells no scale
    ],
)
def test_logarithmic_ticks_are_round_numbers(
    low: float, high: float, ticks: list[float] | None
) -> None:
    """Ticks stand at 1, 2, 5 of each decade, at the decades of a long axis, and never alone."""
    spec = vegalite.spec(chart(Line("a", [low, high], [1, 2]), x=Axis("X", scale="log")))
    for channel in channels(spec, "x"):
        assert channel["axis"].get("values") == ticks
        assert (channel["scale"]["domainMin"], channel["scale"]["domainMax"]) == (low, high)


@pytest.mark.parametrize(
    ("unit", "low", "high", "words"),
    [
        ("B", 1.0, 1e12, ["1 B", "1 kB", "1 MB", "1 GB", "1 TB"]),
        ("s", 1e-6, 1e5, ["1 µs", "1 ms", "1 s", "1 min", "1 h", "1 day"]),
        (
            "FLOP/s",
            1e9,
            1e15,
            [f"{n} {p}FLOP/s" for p in "GT" for n in (1, 10, 100)] + ["1 PFLOP/s"],
        ),
    ],
)
def test_a_long_logarithmic_axis_gives_each_number_its_prefix(
    unit: str, low: float, high: float, words: list[str]
) -> None:
    """With one prefix for all of them the numbers at one end would be rows of zeros."""
    axis = Axis("X", unit, scale="log")
    spec = vegalite.spec(chart(Line("a", [low, high], [1, 2]), x=axis))
    (channel,) = channels(spec, "x")[:1]
    labels, values = channel["axis"]["labelExpr"].split("[indexof(")
    assert [word.replace("\N{NO-BREAK SPACE}", " ") for word in ast.literal_eval(labels)] == words
    assert len(channel["axis"]["values"]) == len(words)
    assert json.loads(values.split(", datum")[0]) == channel["axis"]["values"]
    assert channel["title"] == "X"


def test_a_single_value_gets_room_on_a_logarithmic_axis() -> None:
    """A domain of no width would put every point at the same place."""
    spec = vegalite.spec(chart(Points("a", [8], [1]), x=Axis("X", scale="log")))
    assert (
        channels(spec, "x")[0]["scale"] | {"domainMin": 4, "domainMax": 16}
        == (channels(spec, "x")[0]["scale"])
    )


def test_series_keep_their_order_and_colour() -> None:
    """The n-th series named has the n-th colour, in every mark that carries its name."""
    drawn = chart(
        Line("ring", [1, 2], [1, 2]),
        Line("tree", [1, 2], [2, 1]),
        Rule(x=1, label="you"),
        Points("ring", [1], [1]),
        Band("error", [1, 2], [0, 0], [1, 1]),
    )
    assert drawn.series() == ["ring", "tree", "error"]
    spec = vegalite.spec(drawn)
    scales = [channel["scale"] for channel in channels(spec, "color")]
    assert scales == [scales[0]] * 4
    assert scales[0]["domain"] == ["ring", "tree", "error"]
    assert scales[0]["range"] == [f"var(--hwcalc-series-{i})" for i in (1, 2, 3)]


def test_colours_start_again_after_the_eighth() -> None:
    """The style sheet has eight colours; a ninth series is not drawn without one."""
    spec = vegalite.spec(chart(*(Line(f"s{i}", [1], [1]) for i in range(9))))
    assert channels(spec, "color")[0]["scale"]["range"][7:] == [
        "var(--hwcalc-series-8)",
        "var(--hwcalc-series-1)",
    ]


def test_bars_are_stacked_in_the_order_of_the_legend() -> None:
    """Stacked bars share one layer, and each part knows its place in the stack."""
    bars = (Bars("compute", ["a", "b"], [1, 2]), Bars("wait", ["a", "b"], [3, 4]))
    spec = vegalite.spec(chart(*bars, y=Axis("T", "s")))
    assert len(spec["layer"]) == 1
    encoding = spec["layer"][0]["encoding"]
    assert encoding["order"]["field"] == "order"
    assert "xOffset" not in encoding
    rows = spec["datasets"]["m0"]
    assert [(r["category"], r["series"], r["y"], r["order"]) for r in rows] == [
        ("a", "compute", 1, 0),
        ("b", "compute", 2, 0),
        ("a", "wait", 3, 1),
        ("b", "wait", 4, 1),
    ]


@pytest.mark.parametrize(("horizontal", "side"), [(False, "x"), (True, "y")])
def test_bars_are_grouped_side_by_side(horizontal: bool, side: str) -> None:
    """Bars that do not add up stand beside each other, also when they lie."""
    bars = (Bars("compute", ["a", "b"], [1, 2]), Bars("wait", ["a", "b"], [3, 4]))
    spec = vegalite.spec(chart(*bars, stacked=False, horizontal=horizontal))
    encoding = spec["layer"][0]["encoding"]
    assert encoding[f"{side}Offset"]["sort"] == ["compute", "wait"]
    assert encoding[side]["sort"] == ["a", "b"]
    assert "order" not in encoding


def test_bars_start_at_zero_even_when_all_are_long() -> None:
    """A bar whose axis starts elsewhere lies about ratios."""
    for horizontal, side in ((False, "y"), (True, "x")):
        spec = vegalite.spec(chart(Bars("a", ["x", "y"], [98, 99]), horizontal=horizontal))
        assert channels(spec, side)[0]["scale"]["zero"] is True


def test_lanes_and_lying_bars_make_room_for_themselves() -> None:
    """Twelve lanes need more height than two, and a given height is kept."""

    def height(lanes: int, **more: Any) -> int:
        names = [f"GPU {i}" for i in range(lanes)]
        spans = Spans("a", names, [0.0] * lanes, [1.0] * lanes)
        return int(vegalite.spec(chart(spans, x=Axis("T", "s"), **more))["height"])

    assert height(12) - height(2) == 10 * vegalite.LANE
    assert height(12, height=200) == 200
    lying = chart(Bars("a", ["x", "y"], [1, 2]), horizontal=True)
    assert vegalite.spec(lying)["height"] == height(2)


def test_tooltips_speak_like_results() -> None:
    """What the pointer shows has the same units and rounding as every other number."""
    marks = (
        Points("ring", [8], [0.0123], labels=["you"]),
        Line("tree", [8], [0.0123]),
        Bars("wait", ["step"], [0.0123]),
        Spans("send", ["GPU 0"], [0.001], [0.0133]),
        Cells("time", [8], ["ring"], [[0.0123]], unit="s"),
    )
    x, y = Axis("GPUs", "s"), Axis("Time", "s")
    tips = [
        row["tip"].replace("\N{NO-BREAK SPACE}", " ")
        for rows in vegalite.spec(chart(*marks, x=x, y=y))["datasets"].values()
        for row in rows
    ]
    assert tips == [
        "you: 8.00 s, 12.3 ms",
        "tree: 8.00 s, 12.3 ms",
        "step, wait: 12.3 ms",
        "send: 12.3 ms, from 1.00 ms",
        "GPUs 8, Time ring: 12.3 ms",
    ]


def test_what_is_not_finite_becomes_a_gap() -> None:
    """A curve that runs to infinity ends there; JSON never sees the infinity."""
    marks = (
        Line("a", [1, 2, 3], [1.0, math.inf, 2.0]),
        Points("b", [1, math.nan], [1, 1]),
        Band("c", [1, 2], [0, 0], [1, math.inf]),
        Cells("d", ["x"], ["u"], [[math.nan]]),
    )
    spec = vegalite.spec(chart(*marks))
    assert [row["y"] for row in spec["datasets"]["m0"]] == [1, None, 2]
    json.dumps(spec, allow_nan=False)


def test_heat_maps_scale_their_shades_like_an_axis() -> None:
    """The legend of the shades shows short numbers and their unit."""
    spec = vegalite.spec(chart(Cells("Rate", [1, 2], ["u"], [[1e9, 4e9]], unit="B/s")))
    assert [row["value"] for row in spec["datasets"]["m0"]] == [1, 4]
    assert spec["layer"][0]["encoding"]["opacity"]["title"] == "Rate [GB/s]"


def test_only_layers_for_the_pointer_have_a_name() -> None:
    """The drawing made at build time leaves out by name what only serves the pointer."""
    spec = vegalite.spec(chart(Line("a", [1, 2], [1, 2]), Points("b", [1], [1], labels=["x"])))
    names = [layer.get("name") for layer in spec["layer"]]
    assert names == [None, "hover_m0", None, None]
    assert spec["layer"][1]["mark"]["opacity"] == 0


def test_an_unlabelled_point_among_labelled_ones_has_an_empty_label() -> None:
    """A missing field would be drawn as the word undefined."""
    spec = vegalite.spec(chart(Points("a", [1, 2], [1, 2], labels=["one", ""])))
    assert [row["label"] for row in spec["datasets"]["m0"]] == ["one", ""]
    plain = vegalite.spec(chart(Points("a", [1], [1])))
    assert "label" not in plain["datasets"]["m0"][0]


def test_a_point_without_a_label_can_tell_its_name_to_the_pointer() -> None:
    """Points too close together for labels are still told apart."""
    named = Points("a", [1, 2], [1, 2], labels=["one", ""], names=["first", "second"])
    rows = vegalite.spec(chart(named))["datasets"]["m0"]
    assert [row["tip"].partition(":")[0] for row in rows] == ["first", "second"]
    assert [row["label"] for row in rows] == ["one", ""]


def test_the_page_gets_specification_series_and_words() -> None:
    """A chart answers with its text alternative and everything the page draws it from."""
    drawn = chart(Line("a", [1, 2], [1, 2]))
    assert drawn.text == "1 mark"
    assert drawn.fields()["series"] == ["a"]
    assert drawn.fields()["spec"] == vegalite.spec(drawn)
    assert drawn.fields()["value"] is None
