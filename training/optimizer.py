"""Muon for convolutions, Adam for the rest, over one flat tensor of all parameters.

Muon (Jordan 2024) replaces a convolution's momentum, seen as a matrix [out, in * 9], by the nearest orthogonal matrix:
every direction of the layer then moves equally far. Parameters, gradients, momenta and the moving average are one flat
tensor each, convolutions of one shape beside each other, so that a step is a few operations and can be recorded as a
CUDA graph.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
ADAM_DECAY = 0.99
AVERAGE = 0.999
"""Decay of the moving average of the weights, which is what is measured and exported."""


def orthogonalised(matrices: Tensor) -> Tensor:
    """Nearest orthogonal matrices, roughly, by five Newton-Schulz steps in bfloat16. [k, rows, columns] -> same"""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.transpose(1, 2) if tall else matrices).bfloat16()
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-12).bfloat16()
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.transpose(1, 2) if tall else x).float()


class MuonAdam:
    """Owns the memory of a network's parameters and their gradients; `rate` may be a number or a tensor."""

    STATE = ("values", "average", "momentum", "second", "steps")

    def __init__(self, network: nn.Module, decay: float = AVERAGE) -> None:
        self.decay = decay
        named = list(network.named_parameters())
        named.sort(key=lambda each: (each[1].dim() != 4, each[1].shape if each[1].dim() == 4 else ()))
        self.places: dict[str, tuple[int, int, torch.Size]] = {}
        end = 0
        for name, parameter in named:
            self.places[name] = (end, end + parameter.numel(), parameter.shape)
            end += parameter.numel()
        self.values = torch.cat([parameter.detach().reshape(-1).float() for _, parameter in named])
        self.gradients = torch.zeros_like(self.values)
        for name, parameter in named:
            parameter.data, parameter.grad = self.part(self.values, name), self.part(self.gradients, name)
        self.average, self.momentum = self.values.clone(), torch.zeros_like(self.values)
        self.groups = self.find_groups()
        self.convolved = self.groups[-1][1] if self.groups else 0
        self.second = torch.zeros_like(self.values[self.convolved:])
        self.steps = torch.zeros((), device=self.values.device)

    def part(self, flat: Tensor, name: str) -> Tensor:
        """A parameter's own part of one of the flat tensors, in its shape."""
        begin, end, shape = self.places[name]
        return flat[begin:end].view(shape)

    def find_groups(self) -> list[tuple[int, int, torch.Size]]:
        """Where convolutions of one shape lie: (begin, end, shape of one)."""
        groups: list[tuple[int, int, torch.Size]] = []
        for begin, end, shape in self.places.values():
            if len(shape) != 4:
                continue
            if groups and groups[-1][2] == shape:
                begin = groups.pop()[0]
            groups.append((begin, end, shape))
        return groups

    @torch.no_grad()
    def step(self, rate: Tensor | float) -> None:
        """Update values and average from `gradients`, and set those to zero. A gradient that overflowed counts as 0."""
        gradients = torch.nan_to_num(self.gradients, nan=0, posinf=0, neginf=0)
        self.steps += 1
        self.momentum.lerp_(gradients, 1 - MOMENTUM)
        update = gradients.lerp(self.momentum, MOMENTUM)
        for begin, end, shape in self.groups:
            matrices = update[begin:end].view(-1, shape[0], shape[1:].numel())
            scale = 0.2 * max(matrices.shape[1:]) ** 0.5
            self.values[begin:end] -= orthogonalised(matrices).reshape(-1) * (scale * rate)
        self.step_adam(gradients[self.convolved:], rate)
        self.average.lerp_(self.values, 1 - torch.clamp(self.steps / (self.steps + 10), max=self.decay))
        self.gradients.zero_()

    def step_adam(self, gradients: Tensor, rate: Tensor | float) -> None:
        """Biases and slopes; their first moment is the momentum that all share."""
        self.second.lerp_(gradients.square(), 1 - ADAM_DECAY)
        first = self.momentum[self.convolved:] / (1 - MOMENTUM**self.steps)
        second = self.second / (1 - ADAM_DECAY**self.steps)
        self.values[self.convolved:] -= rate * first / (second.sqrt() + 1e-8)

    def averaged(self) -> dict[str, Tensor]:
        """A copy of the averaged weights, by name."""
        return {name: self.part(self.average, name).clone() for name in self.places}

    def state(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in self.STATE}

    @torch.no_grad()
    def load_state(self, state: dict[str, Tensor]) -> None:
        for name in self.STATE:
            getattr(self, name).copy_(state[name])
