"""Weights of matrix products in 16 bits for recorded steps: all are cast at once, not each where it is used."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from names3risk.training.execution import Execution
from names3risk.training.sharing import FlatGradients


class HalfWeights:
    """Copies in 16 bits of the weights that autocast would cast in each step.

    Args:
        model: The network; its weights stay as they are.
        execution: Type of the copies, and whether the network is compiled.
        flat: Where the gradients of several processes are put.
    """

    def __init__(self, model: nn.Module, execution: Execution, flat: FlatGradients | None = None) -> None:
        weights = _cast_by_autocast(model)
        self.weights: list[Tensor] = list(weights.values())
        self.halves = {name: weight.detach().to(execution.dtype).requires_grad_() for name, weight in weights.items()}
        places: dict[Tensor, Tensor] = {}
        if flat is not None:
            places.update(zip(flat.parameters, flat.places, strict=True))
        self.gradients = [places[weight] if weight in places else torch.empty_like(weight) for weight in self.weights]

        def call(halves: dict[str, Tensor], *inputs: Tensor) -> Tensor:
            result: Tensor = functional_call(model, halves, inputs)
            return result

        self._call = torch.compile(call) if execution.compiled else call

    def forward(self, *inputs: Tensor) -> Tensor:
        """The network's result with copies of its weights as they are now; inside autocast, can be recorded."""
        with torch.no_grad():
            torch._foreach_copy_(list(self.halves.values()), self.weights)
        return self._call(self.halves, *inputs)

    def give(self) -> None:
        """Moves the gradients of the copies to the weights; can be recorded."""
        found, gradients = [], []
        for half, weight, gradient in zip(self.halves.values(), self.weights, self.gradients, strict=True):
            if half.grad is not None:
                found.append(half.grad)
                gradients.append(gradient)
                half.grad, weight.grad = None, gradient
        torch._foreach_copy_(gradients, found)


def _cast_by_autocast(model: nn.Module) -> dict[str, nn.Parameter]:
    """Weights and biases of linear layers and weights of LSTMs, by name; not those that other layers share."""
    found, others = dict[str, nn.Parameter](), set[nn.Parameter]()
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(prefix, recurse=False):
            cast = isinstance(module, nn.Linear) or (isinstance(module, nn.LSTM) and parameter.ndim == 2)
            if cast and parameter.requires_grad:
                found[name] = parameter
            else:
                others.add(parameter)
    return {name: parameter for name, parameter in found.items() if parameter not in others}
