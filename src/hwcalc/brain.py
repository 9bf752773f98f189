r"""What a brain computes, counted in operations per second.

Three ways of counting stand side by side. Events: an operation happens when a spike passes a
synapse. Cells: every neuron, with its dendrites, is updated in equal steps of time whether anything
arrives or not. Molecules: the changes of proteins inside the neurons are followed. A fourth is the
count of a widely read article of 2015, which took the dendrites of the cerebellum for convolutions.

Each is arithmetic on numbers of which few are known within a factor of ten; `hwcalc.uncertainty`
carries their ranges into the answer. What all of them leave out: whether so much is needed for what
a brain *does*, for which nobody has a count; glia; hormones; and every operation that a different
algorithm would save.

References:
    Carlsmith 2020, "How much computational power does it take to match the human brain?",
    https://coefficientgiving.org/research/how-much-computational-power-does-it-take-to-match-the-human-brain
"""

from collections.abc import Mapping

from hwcalc.numeric import check_non_negative, check_positive

__all__ = [
    "FILTERS_2015",
    "MOLECULAR_TERMS",
    "TERMS",
    "dendrite_operations",
    "filters_2015",
    "molecule_operations",
    "synapse_events",
    "synapse_operations",
]

# Factors of each term, for `hwcalc.uncertainty`; the functions below are the same products.
TERMS: Mapping[str, tuple[str, ...]] = {
    "synapses/transmission": ("synapses", "rate", "operations"),
    "synapses/learning": ("synapses", "rate", "operations", "learning"),
    "neurons/dendrites": ("neurons", "units", "unit_operations"),
}
MOLECULAR_TERMS: Mapping[str, tuple[str, ...]] = {
    **TERMS,
    "molecules/proteins": ("neurons", "proteins", "changes"),
}

# What the article of 2015 put in, beside counts of cells and rates: size of the dendritic filter in
# space, by kind of cell, and what a meeting of an input and a filter element costs. The formula was
# a picture that is lost; this reading of the text gives all four published digits, and the granule
# cells' second factor, 100,000, and single count are what it takes.
FILTERS_2015: Mapping[str, tuple[int, int]] = {
    "purkinje": (10 * 1000, 2),
    "granule": (20_000, 1),
}


def synapse_events(synapses: float, rate: float) -> float:
    r"""Count the spikes that arrive at synapses.

    $$ E = S\, r $$

    Args:
        synapses: Synapses, $S$. [1]
        rate: Mean rate of spikes of a neuron, $r$. [1/s]

    Returns:
        Events per second. [1/s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Merkle 1989, "Energy limits to the computational power of the human brain",
        https://www.ralphmerkle.com/brainLimits.html

    Examples:
        Merkle's estimate, a million billion synapses at ten spikes per second:

        >>> synapse_events(1e15, 10)
        1e16
    """
    check_non_negative(synapses=synapses, rate=rate)
    return synapses * rate


def synapse_operations(
    synapses: float, rate: float, operations: float, learning: float
) -> dict[str, float]:
    r"""Compute the operations of an event-driven brain: an estimate.

    $$ R = S\, r\, o\, (1 + l) $$

    Assumption: nothing is computed where no spike arrives.

    Args:
        synapses: Synapses, $S$. [1]
        rate: Mean rate of spikes of a neuron, $r$. [1/s]
        operations: Operations to pass one spike on through one synapse, $o$. [FLOP]
        learning: Operations to learn from it, as a multiple of these, $l$. [1]

    Returns:
        Rate by part: synapses/transmission and synapses/learning. [FLOP/s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Carlsmith 2020, section 2, mechanistic method,
        https://coefficientgiving.org/research/how-much-computational-power-does-it-take-to-match-the-human-brain

    Examples:
        >>> synapse_operations(1e15, 1, 2, 0.5)
        {'synapses/transmission': 2e15, 'synapses/learning': 1e15}
    """
    check_non_negative(operations=operations, learning=learning)
    passed = synapse_events(synapses, rate) * operations
    return {"synapses/transmission": passed, "synapses/learning": passed * learning}


def dendrite_operations(neurons: float, units: float, operations: float, step: float) -> float:
    r"""Compute the operations of a clocked brain, whose neurons are updated in equal steps.

    $$ R = N\, u\, o / \Delta t $$

    Assumption: a dendritic tree is $u$ units that cost as much as a point neuron each; one unit is
    a point neuron. To predict a pyramidal cell of the cortex, millisecond by millisecond, took a
    network of five to eight layers (Beniaguev, Segev, London 2021).

    Args:
        neurons: Neurons, $N$. [1]
        units: Units of a neuron, $u$. [1]
        operations: Operations of a unit in a step, $o$. [FLOP]
        step: Time between two updates, $\Delta t$. [s]

    Returns:
        Rate. [FLOP/s]

    Raises:
        ValueError: If an argument is negative or the step is not positive.

    References:
        Izhikevich 2004, "Which model to use for cortical spiking neurons?",
        https://doi.org/10.1109/TNN.2004.832719

    Examples:
        All neurons of a brain as Izhikevich's model, 13 operations in a millisecond:

        >>> dendrite_operations(86.1e9, 1, 13, 1e-3)
        1.119e15
    """
    check_non_negative(neurons=neurons, units=units, operations=operations)
    check_positive(step=step)
    return neurons * units * operations / step


def molecule_operations(neurons: float, proteins: float, changes: float) -> float:
    r"""Compute the operations of following proteins inside neurons: an estimate.

    $$ R = N\, p\, c $$

    Assumption: one change of one protein is one operation.

    Args:
        neurons: Neurons, $N$. [1]
        proteins: Proteins of a neuron, $p$. [1]
        changes: Changes of state of a protein that matter, $c$. [1/s]

    Returns:
        Rate. [FLOP/s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Sandberg, Bostrom 2008, "Whole brain emulation: a roadmap", levels 7 and 8,
        https://www.fhi.ox.ac.uk/reports/2008-3.pdf

    Examples:
        >>> molecule_operations(86.1e9, 1e10, 1)
        8.61e20
    """
    check_non_negative(neurons=neurons, proteins=proteins, changes=changes)
    return neurons * proteins * changes


def filters_2015(
    purkinje_cells: float,
    purkinje_inputs: float,
    purkinje_rate: float,
    granule_cells: float,
    granule_inputs: float,
    granule_rate: float,
    steps: float,
    convolved: bool,
) -> dict[str, float]:
    r"""Compute the operations of the cerebellum as convolutions, as an article of 2015 did.

    $$ R = \sum_k N_k\, r_k\, o_k\, (i_k T)\, (f_k T) $$

    with filters of $f_k$ elements in space and $T$ in time, and $o_k$ operations where an input
    meets a filter element (`FILTERS_2015`). The article calls the sum a lower bound for the whole
    brain. Its formula is not preserved; this one is reconstructed, and gives its four digits.

    A full convolution lets every input meet every element of the filter. A synapse does not move
    along its dendrite, so it meets one element, its own weight; not convolved, the count is

    $$ R = \sum_k N_k\, r_k\, o_k\, i_k T $$

    Args:
        purkinje_cells: Purkinje cells, $N_1$. [1]
        purkinje_inputs: Inputs of a Purkinje cell, $i_1$. [1]
        purkinje_rate: Times a second at which its filter is evaluated, $r_1$. [1/s]
        granule_cells: Granule cells, $N_2$. [1]
        granule_inputs: Inputs of a granule cell, $i_2$. [1]
        granule_rate: Times a second at which its filter is evaluated, $r_2$. [1/s]
        steps: Time steps that a filter looks back, $T$. [1]
        convolved: Whether inputs meet the whole filter, as in 2015. [1]

    Returns:
        Rate by kind of cell: cerebellum/purkinje and cerebellum/granule. [FLOP/s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Dettmers 2015, "The brain vs deep learning part I: computational complexity",
        https://timdettmers.com/2015/07/27/brain-vs-deep-learning-singularity/

    Examples:
        >>> sum(filters_2015(1e8, 1e5, 200, 5e10, 15, 200, 5, True).values())
        1.075e21
        >>> sum(filters_2015(1e8, 1e5, 200, 5e10, 15, 200, 5, False).values())
        2.075e16
    """
    check_non_negative(
        purkinje_cells=purkinje_cells,
        purkinje_inputs=purkinje_inputs,
        purkinje_rate=purkinje_rate,
        granule_cells=granule_cells,
        granule_inputs=granule_inputs,
        granule_rate=granule_rate,
        steps=steps,
    )
    cells = {
        "purkinje": purkinje_cells * purkinje_rate * purkinje_inputs,
        "granule": granule_cells * granule_rate * granule_inputs,
    }
    return {
        f"cerebellum/{kind}": meetings
        * steps
        * FILTERS_2015[kind][1]
        * (FILTERS_2015[kind][0] * steps if convolved else 1)
        for kind, meetings in cells.items()
    }
