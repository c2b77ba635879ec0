"""Muon for convolutions, Adam for the rest.

Muon replaces a convolution's momentum, seen as a matrix [out, in * 9], by the nearest orthogonal matrix: every
direction of the layer then moves equally far. A chain of plain convolutions without shortcuts is badly conditioned,
and needs that more than most networks do (the figures are in README.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.99)


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


class Muon(torch.optim.Optimizer):
    """Muon over convolution weights [out, in, 3, 3]; steps are scaled to the size of Adam's, so rates carry over."""

    def __init__(self, weights: list[Tensor], lr: float) -> None:
        super().__init__(weights, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:
        """Update all weights; those of one shape are orthogonalised together."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for weight in group["params"]:
                by_shape.setdefault(weight.shape, []).append(weight)
            for shape, weights in by_shape.items():
                updates = torch.stack([self.momentum(weight).reshape(shape[0], -1) for weight in weights])
                scale = 0.2 * max(updates.shape[1:]) ** 0.5
                for weight, update in zip(weights, orthogonalised(updates)):
                    weight.sub_(update.reshape(shape), alpha=scale * group["lr"])

    def momentum(self, weight: Tensor) -> Tensor:
        """Nesterov momentum of the gradient, kept in the optimizer's state. [out, in, 3, 3]"""
        state = self.state[weight]
        average = state.setdefault("momentum", torch.zeros_like(weight))
        average.lerp_(weight.grad, 1 - MOMENTUM)
        return weight.grad.lerp(average, MOMENTUM)


def make_optimizers(network: nn.Module) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions, Adam for biases and slopes; every step sets the rate of both."""
    weights = [parameter for parameter in network.parameters() if parameter.dim() == 4]
    rest = [parameter for parameter in network.parameters() if parameter.dim() == 1]
    return [Muon(weights, lr=0), torch.optim.Adam(rest, lr=0, betas=ADAM_BETAS, foreach=True)]
