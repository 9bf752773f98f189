"""The measured points that the page shows are the rows that the tests hold the model to."""

from hwcalc.local_runs import local_runs
from tests.accuracy.llama_cpp import CUDA, GAMING, GPT_OSS, PRO, one_card, rows


def test_the_page_shows_the_rows_of_the_tests() -> None:
    """One place for a number: the copy for the browser has the tables' rates, and all its cards."""
    tables = (PRO, GAMING, CUDA, GPT_OSS)
    measured = {
        (row["accelerator"], row["network"], row["form"], row["phase"], row["tokens"]): row["rate"]
        for name in tables
        for row in (*rows(name, "decode"), *rows(name, "prefill"))
        if one_card(row)
    }
    shown = local_runs()
    for run in shown:
        kind = (run.accelerator, run.network, run.form)
        assert measured[(*kind, "decode", run.written)] == run.generation
        assert measured[(*kind, "prefill", 512)] == run.prompt
        assert run.source
    kinds = {key[:3] for key in measured}
    assert kinds == {(run.accelerator, run.network, run.form) for run in shown}
    assert len(shown) == len(kinds)
