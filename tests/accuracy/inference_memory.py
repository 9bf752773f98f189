"""Memory of inference and sizes of files, as measured; one regime has a reserve of its table."""

from hwcalc import catalog
from hwcalc.gguf import gguf_bytes
from hwcalc.serving_memory import plain_memory
from hwcalc.states import checkpoint_bytes
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table
from tests.accuracy.training import ANY
from tests.accuracy.training_memory import measured

MOMENTS = {"adam": 8.0, "none": 0.0}  # bytes of a parameter
BERT = table("inference_memory_bert")


def plain(row: Row) -> float:
    """Predict generation in plain PyTorch; litgpt stores every head apart from the embedding."""
    network = catalog.transformers()[row["network"]]
    return sum(plain_memory(network, row["form"], 1, row["tokens"], False).values())


def encoder(row: Row) -> float:
    """Predict an encoder in 32 bits, without what PyTorch and the driver take."""
    network = catalog.transformers()[row["network"]]
    parts = plain_memory(network, "fp32", row["batch"], row["sequence"], True)
    return sum(parts.values())


def above(row: Row) -> float:
    """Predict a row from the table's shortest sequence, which is not among the rows."""
    return measured(BERT[0]) + encoder(row) - encoder(BERT[0])


def file(row: Row) -> float:
    """Predict a file in llama.cpp's format."""
    return sum(gguf_bytes(catalog.transformers()[row["network"]], row["form"]).values())


def checkpoint(row: Row) -> float:
    """Predict a checkpoint of training."""
    moments = MOMENTS[row["optimizer"]]
    return checkpoint_bytes(row["parameters"], row["weight"], row["master"], moments)


REGIMES = (
    Regime(
        name="memory-inference-litgpt",
        title="Inference memory, litgpt, seven networks and Falcon 7B in five formats",
        rows=table("inference_memory_litgpt"),
        measured=measured,
        predicted=plain,
        unit="B",
        fitted=False,
        median=0.0035,
        ninth=0.007,
        aim=(0.04, ANY),
        remark="Falcon 7B in four bits, by 1 %. That a narrow matrix is unpacked twice was seen in "
        "this table: without it the rows in four bits are 10 to 30 % too small.",
    ),
    Regime(
        name="memory-inference-bert",
        title="Inference memory, BERT-base on a Titan RTX, above the shortest sequence",
        rows=BERT[1:],
        measured=measured,
        predicted=above,
        unit="B",
        fitted=False,
        median=0.04,
        ninth=0.043,
        aim=(0.04, ANY),
        remark="All by 4 %: PyTorch takes memory from the driver in blocks of 2 to 20 MiB, which "
        "are as large as what the short sequences need.",
    ),
    Regime(
        name="memory-gguf",
        title="Sizes of llama.cpp's files, Llama 3",
        rows=table("gguf_sizes"),
        measured=measured,
        predicted=file,
        unit="B",
        fitted=False,
        median=0.001,
        ninth=0.002,
        aim=(0.04, ANY),
        remark="None: sizes follow from rules.",
    ),
    Regime(
        name="memory-checkpoint",
        title="Sizes of checkpoints, 176 billion to a trillion parameters",
        rows=table("checkpoint_sizes"),
        measured=measured,
        predicted=checkpoint,
        unit="B",
        fitted=False,
        median=0.024,
        ninth=0.036,
        aim=(0.04, ANY),
        remark="The sources round to two digits; BigScience's TB are read as TiB, as its 329 GB of "
        "16-bit weights are GiB.",
    ),
)
