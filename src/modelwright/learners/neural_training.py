"""Training of a perceptron with torch: schedules of growing length, each of them run to its end.

A schedule that is cut short leaves a network in the middle of large steps, so a deadline does not cut: the first
schedule is short, each next one is four times as long, and one is begun only when it fits into the time and the one
before got better by being longer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, inf, isfinite, log2, pi, sqrt
from typing import TYPE_CHECKING, final

import numpy as np
import torch

from modelwright.core.errors import DataError
from modelwright.learners.answers import weights
from modelwright.learners.course import MOST_CELLS, Course
from modelwright.learners.neural_answers import NeuralAnswers, kept_between, tempered
from modelwright.learners.neural_network import N_WAVES, Network
from modelwright.learners.perceptron import CALM, LIMIT, NeuralFitted, Recipe

if TYPE_CHECKING:
    from modelwright.core.deadline import Deadline
    from modelwright.core.table import Array
    from modelwright.learners.base import Rows

MOST_WAVED = 64
"""Numbers beyond which none gets waves: their share of the work would exceed the layers'."""

FIRST_EPOCHS, GROWTH = 16, 4
"""Passes over the rows of the first schedule, and how many times longer each next one is."""

GAIN = 0.01
"""Share of the loss that a longer schedule must gain to be worth its place, and a still longer one to be tried; on few
rows less than that is luck."""

EPOCHS = ((2_000, 256), (8_000, 128), (30_000, 64), (10**12, 32))
BATCHES = ((20_000, 256), (60_000, 512), (10**12, 1024))
"""Most passes and rows per step by number of rows, up to each."""

LEAST_STEPS = 40
"""Steps below which a schedule leads nowhere."""

TIME_SHARE = 0.9
"""Share of the time that is planned for; the rest is for a machine that gets slower."""

RATES = {True: 0.04, False: 0.2}
"""Learning rate of classes and of numbers."""


def learn(recipe: Recipe, train: Rows, valid: Rows | None, *, seed: int, deadline: Deadline) -> NeuralFitted:
    """Train the network.

    Raises:
        DataError: The time is too short, or training diverged.
    """
    with _one_thread():
        return _Training(recipe, train, valid, seed=seed, deadline=deadline).run()


@final
@dataclass(frozen=True, slots=True)
class _Kept:
    """A network worth keeping: its parameters and how it came about."""

    loss: float = inf
    flat: torch.Tensor | None = None
    moment: int = 0
    temperature: float = 1.0


@final
class _Training:
    """One fit: the rows as tensors, and the schedules run over them."""

    def __init__(self, recipe: Recipe, train: Rows, valid: Rows | None, *, seed: int, deadline: Deadline) -> None:
        self._recipe, self._target, self._valid, self._deadline = recipe, train.target, valid, deadline
        self._question = NeuralAnswers(train.target)
        self._rows = _tensor(train.features)
        self._answers = self._question.answers(train.target)
        self._weights = torch.from_numpy(weights(train.target).astype(np.float32))
        self._watched = None if valid is None else _tensor(valid.features)
        self._judged = np.zeros(0, dtype=np.int64) if valid is None else self._question.known(valid.target)
        self._waved = _many_valued(self._rows.numpy())
        n_rows, n_features = self._rows.shape
        sizes = (n_features, *[recipe.width] * recipe.depth, len(self._question.seen))
        self._network = Network(sizes, self._waved)
        self._seed = seed
        self._generator = torch.Generator()
        self._rng = np.random.Generator(np.random.SFC64(seed))
        self._batch = min(_by_rows(BATCHES, n_rows), n_rows)
        self._n_steps = -(-n_rows // self._batch)
        self._kept = _Kept()
        self._answered: list[Array] = []

    def run(self) -> NeuralFitted:
        """Run schedules as long as longer ones are better, and return the best network."""
        lengths = self._lengths()
        first = 0
        if self._watched is None and self._recipe.moment is not None:
            first = min((self._recipe.moment - 1) // len(CALM), len(lengths) - 1)
            lengths = lengths[: first + 1]
        self._start()
        seconds = self._probe(lengths[first])
        for number, length in enumerate(lengths[first:], first):
            before = self._kept.loss
            affordable = length if seconds == 0 else int(self._deadline.left * TIME_SHARE / seconds)
            if before < inf and affordable < length / 2:
                break
            shorter, n_answers = self._kept, len(self._answered)
            seconds = self._schedule(number, max(1, min(length, affordable)), seconds)
            if before < inf and not self._kept.loss < (1 - GAIN) * before:
                self._kept = shorter
                del self._answered[n_answers:]
                break
        if self._kept.flat is None:
            raise DataError("The time was up before the neural network had learned anything.")
        return self._fitted(self._kept)

    def _lengths(self) -> tuple[int, ...]:
        most = self._recipe.epochs or _by_rows(EPOCHS, len(self._rows))
        lengths = [min(most, FIRST_EPOCHS)]
        while lengths[-1] < most:
            lengths.append(min(most, lengths[-1] * GROWTH))
        return tuple(lengths)

    def _start(self) -> None:
        self._generator.manual_seed(self._seed)
        some = torch.randperm(len(self._rows), generator=self._generator)[:2_048]
        self._network.start(self._rows[some], self._generator, self._question.middle)

    def _probe(self, length: int) -> float:
        """Return the seconds of an epoch, from a few steps that change nothing; 0 where time is no limit."""
        if not isfinite(self._deadline.at):
            return 0.0
        order = torch.arange(self._batch)
        self._slopes(order, self._recipe.dropout)
        began = self._deadline.left
        for _ in range(3):
            self._slopes(order, self._recipe.dropout)
        of_step = (began - self._deadline.left) / 3 * 1.15
        self._network.parameters.slopes.zero_()
        if self._deadline.left * TIME_SHARE < of_step * min(LEAST_STEPS, length * self._n_steps):
            raise DataError("The neural network needs more time than is left.")
        return of_step * self._n_steps

    def _schedule(self, number: int, length: int, seconds: float) -> float:
        """Run one schedule from the start, keep its best network, and return the seconds of an epoch.

        Where an epoch takes longer than was foretold, fewer are run and the schedule still comes to its end.
        """
        self._start()
        moments = deque(enumerate(CALM, number * len(CALM) + 1))
        if self._watched is None and self._recipe.moment is not None:
            moments = deque([(self._recipe.moment, CALM[(self._recipe.moment - 1) % len(CALM)])])
        progress, began, done = 0.0, self._deadline.left, 0
        while moments:
            left = length - done
            if seconds > 0:
                left = max(1, min(left, int(self._deadline.left * TIME_SHARE / seconds)))
            part = (1 - progress) / left
            if not self._epoch(progress, part):
                break
            progress, done = progress + part, done + 1
            while moments and moments[0][1] <= progress + part / 2:
                self._take(moments.popleft()[0])
            if seconds > 0:
                seconds = (began - self._deadline.left) / done
        return seconds

    def _epoch(self, progress: float, part: float) -> bool:
        """Walk through the rows once; return False when the time was up before their end."""
        recipe = self._recipe
        order = torch.randperm(len(self._rows), generator=self._generator)
        rate = recipe.rate or RATES[self._target.task.is_classification]
        for step in range(self._n_steps):
            if self._deadline.passed:
                return False
            at = progress + part * (step + 0.5) / self._n_steps
            fade = _flat_cosine(at)
            self._slopes(order[step * self._batch : (step + 1) * self._batch], recipe.dropout * fade)
            self._network.parameters.step(rate * _four_cycles(at), recipe.decay * fade)
        return True

    def _slopes(self, some: torch.Tensor, dropout: float) -> None:
        outcome = self._network(self._rows[some], self._masks(len(some), dropout))
        losses = self._question.losses(outcome, self._answers[some])
        (losses * self._weights[some]).mean().backward()

    def _masks(self, n_rows: int, dropout: float) -> Iterator[torch.Tensor] | None:
        """Yield what each layer is multiplied by; drawn as bytes, which costs a tenth of drawing numbers."""
        cut = round(256 * dropout)
        return None if cut == 0 else self._drawn((n_rows, self._recipe.width), cut)

    def _drawn(self, shape: tuple[int, int], cut: int) -> Iterator[torch.Tensor]:
        while True:
            drawn = np.frombuffer(self._rng.bytes(shape[0] * shape[1]), dtype=np.uint8).reshape(shape)
            yield torch.from_numpy((drawn >= cut) * np.float32(256 / (256 - cut)))

    def _take(self, moment: int) -> None:
        """Keep the network if its loss is the least, or if nothing is watched."""
        flat = self._network.parameters.flat
        if self._watched is None or self._valid is None:
            self._kept = _Kept(0.0, flat, moment, self._recipe.temperature or 1.0)
            return
        with torch.no_grad():
            outcome = torch.cat([self._network(part) for part in self._watched.split(4_096)])
        margins = self._question.margins(outcome.numpy().astype(np.float64))
        loss, temperature = tempered(self._valid.target.take(self._judged), margins[self._judged])
        self._answered.append(self._limited(margins / temperature))
        if loss < self._kept.loss:
            self._kept = _Kept(loss, flat.clone(), moment, temperature)

    def _limited(self, margins: Array) -> Array:
        span, floor = kept_between(self._target), self._question.floor
        if floor is not None:
            margins = np.maximum(margins - np.logaddexp.reduce(margins, axis=1, keepdims=True), floor)
        return margins if span is None else np.clip(margins, *span)

    def _course(self) -> Course | None:
        n_answers = len(self._answered)
        if not n_answers or self._answered[0].size * n_answers > MOST_CELLS:
            return None
        return Course.of(self._answered, 1, n_answers)

    def _fitted(self, kept: _Kept) -> NeuralFitted:
        found = self._network.read(kept.flat)
        if not all(np.isfinite(values).all() for values in found.values()):
            raise DataError("The training of the neural network diverged.")
        matrices, biases = [], []
        for layer in range(self._recipe.depth + 1):
            matrix, bias = found[f"weight{layer}"], found[f"bias{layer}"]
            matrix = matrix / sqrt(len(matrix))
            if layer == 0:
                matrix = matrix * found["scale"][:, None]
                bias = bias + found["bias_mix"].ravel() @ matrix[self._rows.shape[1] :]
            if layer == self._recipe.depth:
                matrix, bias = self._question.last(matrix, bias)
                matrix, bias = matrix / kept.temperature, bias / kept.temperature
            matrices.append(matrix.astype(np.float32))
            biases.append(bias)
        return NeuralFitted(
            np.repeat(self._waved, N_WAVES),
            found["angle"].ravel(),
            found["phase"].ravel(),
            _block_diagonal(found["mix"]).astype(np.float32),
            tuple(matrices),
            tuple(biases),
            self._question.floor,
            kept_between(self._target),
            kept.moment,
            kept.temperature,
            self._course(),
        )


def _tensor(features: Array) -> torch.Tensor:
    # A copy of torch's own lies at an address that fits the processor, whatever numpy's did.
    return torch.from_numpy(np.clip(features, -LIMIT, LIMIT).astype(np.float32)).clone()


def _many_valued(features: Array) -> Array:
    """Return the positions of the columns with more than two values: on two values a wave is no more than a line."""
    low, high = features.min(axis=0), features.max(axis=0)
    found = np.flatnonzero(((features > low) & (features < high)).any(axis=0))
    return found if len(found) <= MOST_WAVED else found[:0]


def _block_diagonal(blocks: Array) -> Array:
    """Return blocks (n_blocks, n_in, n_out) as one matrix over all inputs and outputs."""
    n_blocks, n_in, n_out = blocks.shape
    whole = np.zeros((n_blocks, n_in, n_blocks, n_out))
    whole[np.arange(n_blocks), :, np.arange(n_blocks), :] = blocks
    return whole.reshape(n_blocks * n_in, n_blocks * n_out)


def _four_cycles(at: float) -> float:
    """Return the learning rate at a share of the schedule: four waves, each twice as long as the one before."""
    return 0.5 * (1 - cos(2 * pi * log2(1 + 15 * at)))


def _flat_cosine(at: float) -> float:
    """Return 1 in the first half of the schedule, then the fall of a cosine to 0."""
    return 1.0 if at < 0.5 else 0.5 * (1 + cos(2 * pi * (at - 0.5)))


def _by_rows(table: tuple[tuple[int, int], ...], n_rows: int) -> int:
    return next(value for most, value in table if n_rows <= most)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
