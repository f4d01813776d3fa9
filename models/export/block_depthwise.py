#!/usr/bin/env python3
"""Rewrites wide depthwise convolutions of an ONNX file for `rten`: `block_depthwise.py SOURCE.onnx TARGET.onnx`.

`rten` 0.27 computes depthwise convolutions with scalar instructions, and others as products of matrices, with vector
instructions. Depthwise convolutions of 7 x 7 pixels become convolutions of 3 x 3 blocks of 4 x 4 pixels, whose pixels
are channels, with one group per former channel. The following 1 x 1 convolution runs before the blocks become pixels
again. Results differ by the order of summation only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper, shape_inference
from script_paths import script_paths

# Side of a block in pixels.
BLOCK = 4
# Sides of the input are multiples of this, in pixels.
STRIDE = 32


class Rewriter:
    """A graph whose nodes are replaced one by one."""

    def __init__(self, model: ModelProto) -> None:
        self.model, self.graph = model, model.graph
        self.nodes: list[NodeProto] = []
        self.initializers = {array.name: array for array in self.graph.initializer}
        self.producers = {name: node for node in self.graph.node for name in node.output}
        self.sides = sides(model)

    def weights(self, name: str) -> np.ndarray | None:
        """Returns a constant of the graph; None for other values."""
        array = self.initializers.get(name)
        return None if array is None else numpy_helper.to_array(array)

    def constant(self, values: np.ndarray | list[int]) -> str:
        array = np.asarray(values, None if isinstance(values, np.ndarray) else np.int64)
        name = f"rewritten{len(self.graph.initializer)}"
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"rewritten_value{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], f"{operator}.{name}", **attributes))
        return name

    def reshape(self, source: str, shape: list[int]) -> str:
        return self.add("Reshape", source, self.constant(shape))

    def source(self, name: str) -> NodeProto | None:
        """Returns the node that computes a value, through `Identity`."""
        node = self.producers.get(name)
        while node is not None and node.op_type == "Identity":
            node = self.producers.get(node.input[0])
        return node

    def rewrite(self) -> None:
        for node in list(self.graph.node):
            if not self.pointwise(node):
                self.nodes.append(node)
        del self.graph.node[:]
        self.graph.node.extend(used(self.nodes, self.graph.output[0].name))
        kept = {name for node in self.graph.node for name in node.input}
        arrays = [array for array in self.graph.initializer if array.name in kept]
        del self.graph.initializer[:]
        self.graph.initializer.extend(arrays)

    def pointwise(self, node: NodeProto) -> bool:
        """Replaces a 1 x 1 convolution of a wide depthwise convolution, with its bias in between."""
        weights = self.weights(node.input[1]) if node.op_type == "Conv" else None
        if weights is None or weights.shape[2:] != (1, 1):
            return False
        biased = self.source(node.input[0])
        if biased is None or biased.op_type != "Add":
            return False
        depthwise, bias = self.source(biased.input[0]), self.weights(biased.input[1])
        if depthwise is None or depthwise.op_type != "Conv" or bias is None:
            return False
        kernels = self.weights(depthwise.input[1])
        if kernels is None or kernels.shape[1:] != (1, 7, 7) or self.sides[node.output[0]] % BLOCK:
            return False
        channels, outputs = len(kernels), len(weights)
        blocks = self.blocks(depthwise.input[0], channels)
        found = self.add(
            "Conv",
            blocks,
            self.constant(block_kernels(kernels)),
            self.constant(np.repeat(bias.ravel(), BLOCK**2)),
            **convolution_attributes(3, channels),
        )
        # Blocks along the rows: the convolution sees each pixel alone.
        found = self.reshape(found, [0, channels, -1, 0])
        found = self.add("Conv", found, node.input[1], **convolution_attributes(1, 1))
        found = self.reshape(found, [0, outputs * BLOCK**2, -1, 0])
        self.add("DepthToSpace", found, output=node.output[0], blocksize=BLOCK, mode="CRD")
        return True

    def blocks(self, source: str, channels: int) -> str:
        """Makes the pixels of each block channels: `[1, C, H, W]` to `[1, C x 16, H / 4, W / 4]`."""
        found = self.reshape(source, [0, 0, 0, -1, BLOCK])
        found = self.reshape(found, [channels, -1, BLOCK, 0, BLOCK])
        found = self.add("Transpose", found, perm=[0, 2, 4, 1, 3])
        found = self.reshape(found, [1, 1, channels * BLOCK**2, 0, 0])
        return self.add("Squeeze", found, axes=[0])


def sides(model: ModelProto) -> dict[str, int]:
    """Returns the height of each value for the smallest input, in pixels."""
    copy = ModelProto()
    copy.CopyFrom(model)
    for dimension, length in zip(copy.graph.input[0].type.tensor_type.shape.dim, (1, 3, STRIDE, STRIDE), strict=True):
        dimension.dim_value = length
    values = shape_inference.infer_shapes(copy).graph.value_info
    shapes = {value.name: value.type.tensor_type.shape.dim for value in values}
    return {name: shape[2].dim_value for name, shape in shapes.items() if len(shape) == 4}


def convolution_attributes(side: int, group: int) -> dict[str, object]:
    return {
        "kernel_shape": [side, side],
        "pads": [side // 2] * 4,
        "strides": [1, 1],
        "dilations": [1, 1],
        "group": group,
    }


def block_kernels(kernels: np.ndarray) -> np.ndarray:
    """Returns the kernels between blocks, `[C x 16, 16, 3, 3]`, of depthwise kernels `[C, 1, 7, 7]`."""
    channels, reach = len(kernels), kernels.shape[2] // 2
    found = np.zeros((channels, BLOCK, BLOCK, BLOCK, BLOCK, 3, 3), np.float32)
    for y, x, down, right in np.ndindex(BLOCK, BLOCK, *kernels.shape[2:]):
        (block_y, in_y), (block_x, in_x) = divmod(y + down - reach, BLOCK), divmod(x + right - reach, BLOCK)
        found[:, y, x, in_y, in_x, block_y + 1, block_x + 1] = kernels[:, 0, down, right]
    return found.reshape(channels * BLOCK**2, BLOCK**2, 3, 3)


def used(nodes: list[NodeProto], output: str) -> list[NodeProto]:
    """Returns the nodes that `output` depends on."""
    needed, found = {output}, []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            found.append(node)
            needed.update(node.input)
    return found[::-1]


def main(source: Path, target: Path) -> None:
    model = onnx.load(source)
    Rewriter(model).rewrite()
    onnx.checker.check_model(model)
    onnx.save(model, target)


if __name__ == "__main__":
    main(*script_paths(__doc__, "source", "target"))
