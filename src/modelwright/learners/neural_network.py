"""The network of `modelwright.learners.perceptron` in training, on torch.

One core is bound by passes over memory rather than by products of matrices, so all parameters lie in one vector that a
single update of Adam walks through.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import pi, sqrt
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from modelwright.core.table import Array

N_WAVES, N_MIXED = 16, 3
"""Waves of a number and what they are mixed down to."""

WAVE_SPREAD = 0.1
"""Deviation of the frequencies at the start."""

BETA_1, BETA_2, EPSILON = 0.9, 0.95, 1e-8
BIAS_RATE, WAVE_RATE, SCALE_RATE = 0.1, 0.1, 6.0
"""Learning rates beside the weights'."""


@final
class Parameters:
    """All parameters as views of one vector, with learning rates and decay of each number.

    Args:
        shapes: Name to shape.
        rates: Name to learning rate beside the general one; 1 where not named.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], rates: dict[str, float]) -> None:
        sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
        total = sum(sizes.values())
        self.flat = torch.zeros(total)
        self.slopes = torch.zeros(total)
        self._rate = torch.ones(total)
        self._decay = torch.ones(total)
        self._mean, self._square = torch.zeros(total), torch.zeros(total)
        self._step = 0
        self.named: dict[str, torch.Tensor] = {}
        start = 0
        for name, size in sizes.items():
            part = slice(start, start + size)
            view = self.flat[part].view(shapes[name]).requires_grad_()
            view.grad = self.slopes[part].view(shapes[name])
            self.named[name] = view
            self._rate[part] = rates.get(name, 1.0)
            self._decay[part] = 0.0 if name.startswith(("bias", "phase")) else rates.get(name, 1.0)
            start += size

    def forget(self) -> None:
        """Begin anew: no slopes and no averages of earlier ones."""
        for values in (self.slopes, self._mean, self._square):
            values.zero_()
        self._step = 0

    def step(self, rate: float, decay: float) -> None:
        """Move by Adam with decoupled decay and set the slopes to zero."""
        self._step += 1
        self._mean.lerp_(self.slopes, 1 - BETA_1)
        self._square.mul_(BETA_2).addcmul_(self.slopes, self.slopes, value=1 - BETA_2)
        divisor = self._square.sqrt().mul_(1 / sqrt(1 - BETA_2**self._step)).add_(EPSILON)
        if decay > 0:
            self.flat.addcmul_(self.flat, self._decay, value=-rate * decay)
        self.flat.addcmul_(self._mean / divisor, self._rate, value=-rate / (1 - BETA_1**self._step))
        self.slopes.zero_()


@final
class Network:
    """The network, in the parametrisation that keeps all layers at one scale.

    Args:
        sizes: Features, units of each hidden layer, outcomes.
        waved: Positions of the features that get waves.
    """

    def __init__(self, sizes: tuple[int, ...], waved: Array) -> None:
        n_waved = len(waved)
        self.waved = torch.from_numpy(waved)
        sizes = (sizes[0] + n_waved * N_MIXED, *sizes[1:])
        shapes: dict[str, tuple[int, ...]] = {
            "scale": (sizes[0],),
            "angle": (n_waved, N_WAVES),
            "phase": (n_waved, N_WAVES),
            "mix": (n_waved, N_WAVES, N_MIXED),
            "bias_mix": (n_waved, N_MIXED),
        }
        rates = {"scale": SCALE_RATE, **dict.fromkeys(("angle", "phase", "mix", "bias_mix"), WAVE_RATE)}
        for layer, (below, above) in enumerate(pairwise(sizes)):
            shapes |= {f"weight{layer}": (below, above), f"bias{layer}": (above,)}
            rates[f"bias{layer}"] = BIAS_RATE
        self.n_layers = len(sizes) - 1
        self.parameters = Parameters(shapes, rates)

    def start(self, rows: torch.Tensor, generator: torch.Generator, middle: Array) -> None:
        """Draw the parameters so that every layer's outcome over `rows` has a deviation of one."""
        named = self.parameters.named
        self.parameters.forget()
        with torch.no_grad():
            named["scale"].fill_(1.0)
            named["angle"].normal_(0.0, WAVE_SPREAD * 2 * pi, generator=generator)
            named["phase"].uniform_(-pi, pi, generator=generator)
            bound = 1 / sqrt(N_WAVES)
            named["mix"].uniform_(-bound, bound, generator=generator)
            named["bias_mix"].uniform_(-bound, bound, generator=generator)
            found = self.embedded(rows)
            for layer in range(self.n_layers):
                weight, bias = named[f"weight{layer}"], named[f"bias{layer}"]
                weight.normal_(0.0, 1.0, generator=generator)
                outcome = found @ weight / sqrt(len(weight))
                spread = float(outcome.std(correction=0)) or 1.0
                weight.div_(spread)
                if layer == self.n_layers - 1:
                    bias.copy_(torch.from_numpy(middle))
                    continue
                outcome /= spread
                # Every unit bends where some mixture of five rows lies.
                some = torch.randint(len(rows), (5, len(bias)), generator=generator)
                share = torch.empty(5, len(bias)).exponential_(generator=generator)
                share /= share.sum(dim=0)
                bias.copy_(-(outcome.gather(0, some) * share).sum(dim=0))
                found = functional.silu(outcome + bias)

    def read(self, flat: torch.Tensor) -> dict[str, Array]:
        """Return the parameters that lie in a vector like that of `parameters`, float64 by name."""
        values, start, found = flat.detach().numpy().astype(np.float64), 0, {}
        for name, view in self.parameters.named.items():
            found[name] = values[start : start + view.numel()].reshape(view.shape)
            start += view.numel()
        return found

    def embedded(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the features and what their waves are mixed to, scaled."""
        named = self.parameters.named
        if len(self.waved):
            angles = torch.addcmul(named["phase"], rows[:, self.waved, None], named["angle"])
            mixed = torch.einsum("rcw,cwm->rcm", torch.cos(angles), named["mix"]) + named["bias_mix"]
            rows = torch.cat([rows, mixed.flatten(1)], dim=1)
        return rows * named["scale"]

    def __call__(self, rows: torch.Tensor, masks: Iterator[torch.Tensor] | None = None) -> torch.Tensor:
        """Return the outcome of the last layer (n_rows, n_out)."""
        named = self.parameters.named
        found = self.embedded(rows)
        for layer in range(self.n_layers):
            weight = named[f"weight{layer}"]
            found = torch.addmm(named[f"bias{layer}"], found, weight, alpha=1 / sqrt(len(weight)))
            if layer < self.n_layers - 1:
                found = functional.silu(found)
                if masks is not None:
                    found = found * next(masks)
        return found
