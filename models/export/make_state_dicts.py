"""Writes small state dicts for the tests of the server's reader.

    python make_state_dicts.py FOLDER

Every case is saved in both formats of torch.save: NAME.pth is a zip file, NAME-legacy.pth the format before
PyTorch 1.6. mixed.safetensors has the types of safetensors. Values are multiples of 1/8 below 3, exact in every floating-point type.
"""

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from script_paths import script_paths
from torch import Tensor, nn


def ramp(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Returns 0, 1/8, 2/8, ... in row-major order."""
    count = int(torch.tensor(shape).prod())
    return (torch.arange(count) / 8).reshape(shape).to(dtype)


def module() -> dict[str, Any]:
    """A module's own state dict, which has the attribute `_metadata`."""
    layer = nn.Conv2d(2, 3, 1)
    with torch.no_grad():
        layer.weight.copy_(ramp(3, 2, 1, 1))
        layer.bias.copy_(ramp(3))
    return nn.Sequential(layer).state_dict()


def mixed() -> dict[str, Any]:
    """Nested dictionaries as training frameworks save them, with types and layouts of every kind."""
    shared = ramp(4, 6)
    return {
        "params_ema": OrderedDict(
            double=ramp(2, 3, dtype=torch.float64),
            half=ramp(2, 3, dtype=torch.float16),
            bfloat=ramp(2, 3, dtype=torch.bfloat16),
            transposed=ramp(2, 3).t(),
            shared_rows=shared[1:3],
            shared_columns=shared[:, 2::2],
            expanded=ramp(3).expand(2, 3),
            parameter=nn.Parameter(ramp(3)),
        ),
        "params": {"empty": torch.empty(0, 3), "scalar": torch.tensor(0.5), "long": torch.tensor([1, -2])},
        "flag": torch.tensor([True, False]),
        "iter": 400_000,
        "large": 1 << 40,
        "lr": 1e-4,
        "betas": (0.9, 0.99),
        "note": None,
        "history": [1, "two", {"three": 3.0}],
    }


def plain() -> dict[str, Tensor]:
    """Tensors of the types that safetensors files of networks have."""
    types = {"double": torch.float64, "single": torch.float32, "half": torch.float16, "bfloat": torch.bfloat16}
    tensors = {name: ramp(2, 3, dtype=dtype) for name, dtype in types.items()}
    return tensors | {"empty": torch.empty(0, 3), "scalar": torch.tensor(0.5), "long": torch.tensor([1, -2])}


class Command:
    """An object whose unpickling would run a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 1",)


def cases() -> dict[str, Any]:
    """Returns the objects by file name."""
    return {
        "module": module(),
        "mixed": mixed(),
        "tensor": ramp(3),
        "command": {"weight": ramp(3), "command": Command()},
        "whole-module": nn.Sequential(nn.ReLU()),
    }


def main(folder: Path) -> None:
    """Writes all cases."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(plain(), folder / "mixed.safetensors", metadata={"format": "pt"})
    for name, case in cases().items():
        torch.save(case, folder / f"{name}.pth")
        torch.save(case, folder / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(nn.ReLU()), folder / "torchscript.pth")


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
