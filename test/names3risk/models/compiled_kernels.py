"""Compiles every kernel for a GPU of another machine; for a process without Triton's interpreter."""

from __future__ import annotations

from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from names3risk.models.attention import HEAD_WIDTHS
from names3risk.models.kernels import attention, lstm
from names3risk.models.recurrent import HIDDEN_SIZES

HOPPER = GPUTarget("cuda", 90, 32)
TYPES = {"*bf16": ("qkv", "mixed", "grad", "grad_qkv", "gates", "weight", "hidden", "cells", "active", "grad_gates")}
TYPES |= {"*i64": ("starts", "lengths", "seed"), "i32": ("above", "positions", "heads", "dropped", "rows")}
TYPES |= {"fp32": ("scale", "growth")}
TYPE_OF = {name: kind for kind, names in TYPES.items() for name in names}


def compile_for_hopper(kernel: triton.JITFunction, warps: int, **constants: int) -> Any:
    names = kernel.arg_names
    kinds = {name: "constexpr" if name in constants else TYPE_OF[name] for name in names}
    source = ASTSource(kernel, kinds, {(names.index(name),): value for name, value in constants.items()})
    return triton.compile(source, target=HOPPER, options={"num_warps": warps})


def main() -> None:
    for kernel in (attention._forward, attention._backward):
        for padded, warps in attention.WARPS.items():
            for width in HEAD_WIDTHS:
                compile_for_hopper(kernel, warps, D=width, LP=padded)
    for kernel in (lstm._forward, lstm._backward):
        for width in HIDDEN_SIZES:
            compile_for_hopper(kernel, 8, H=width, BM=lstm.ROWS)


if __name__ == "__main__":
    main()
