"""Converts an ONNX network for images to TorchScript, for one input size.

    python onnx_to_torchscript.py MODEL.onnx OUT.pt

The input size is the file's own. The module maps the input to the file's first output. The supported operators are
those of U-2-Net as PyTorch exported it: convolutions, ReLU, max pooling, resizing, concatenation, sums and sigmoid; the
computation of sizes is folded. The result is compared with ONNX Runtime's. Needs onnx, onnxruntime and torch.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from script_paths import script_paths
from torch import Tensor, fx, nn
from torch.nn import functional

TOLERANCE = 1e-4  # largest difference from ONNX Runtime, for outputs from 0 to 1
SEED = 3


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def shapes(model: onnx.ModelProto, image: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each value, from a run of the model with all values as outputs."""
    everything = onnx.ModelProto()
    everything.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output]
    del everything.graph.output[:]
    everything.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(everything.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run(names, {model.graph.input[0].name: image})
    return {name: result.shape for name, result in zip(names, results, strict=True)}


def convolution(values: dict[str, Any], weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    top, left, bottom, right = values["pads"]
    if (top, left) != (bottom, right):
        raise ValueError(f"a convolution has the padding {values['pads']}")
    groups = values["group"]
    layer = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        values["kernel_shape"],
        values["strides"],
        (top, left),
        values["dilations"],
        groups,
        bias is not None,
    )
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = bias
    return layer


class Converter:
    """Builds a torch.fx graph, one call per ONNX node that computes pixels."""

    def __init__(self, model: onnx.ModelProto, image: np.ndarray) -> None:
        self.model = model
        self.shapes = shapes(model, image)
        self.weights = {
            tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer
        }
        self.layers = nn.Module()
        self.graph = fx.Graph()
        self.values = {model.graph.input[0].name: self.graph.placeholder("image")}

    def convert(self) -> fx.GraphModule:
        for node in self.model.graph.node:
            # Nodes without a converted input compute sizes.
            if node.input and node.input[0] in self.values and node.op_type != "Shape":
                self.values[node.output[0]] = self.add(node)
        self.graph.output(self.values[self.model.graph.output[0].name])
        network = fx.GraphModule(self.layers, self.graph).eval()
        network.graph.eliminate_dead_code()
        network.recompile()
        return network

    def add(self, node: onnx.NodeProto) -> fx.Node:
        values = attributes(node)
        # Empty names are absent inputs; values without a node are sizes, which the shapes of outputs replace.
        inputs = [self.values[name] for name in node.input if name in self.values]
        if node.op_type == "Conv":
            name = f"conv{len(list(self.layers.children()))}"
            weight, bias = (self.weights.get(parameter) for parameter in [*node.input, ""][1:3])
            self.layers.add_module(name, convolution(values, weight, bias))
            return self.graph.call_module(name, (inputs[0],))
        if node.op_type == "Resize":
            if values["mode"] != b"linear" or values["coordinate_transformation_mode"] != b"pytorch_half_pixel":
                raise ValueError(f"a Resize has the attributes {values}")
            size = self.shapes[node.output[0]][2:]
            options = {"size": size, "mode": "bilinear", "align_corners": False}
            return self.graph.call_function(functional.interpolate, (inputs[0],), options)
        if node.op_type == "MaxPool":
            if any(values["pads"]):
                raise ValueError(f"a MaxPool has the padding {values['pads']}")
            options = {"ceil_mode": bool(values["ceil_mode"])}
            return self.graph.call_function(
                functional.max_pool2d, (inputs[0], values["kernel_shape"], values["strides"]), options
            )
        if node.op_type == "Concat":
            return self.graph.call_function(torch.cat, (inputs,), {"dim": values["axis"]})
        functions: dict[str, Callable[..., Tensor]] = {
            "Add": torch.add,
            "Relu": torch.relu,
            "Sigmoid": torch.sigmoid,
        }
        return self.graph.call_function(functions[node.op_type], tuple(inputs))


def main() -> None:
    source, target = script_paths(__doc__, "source", "target")
    model = onnx.load(str(source))
    size = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim]
    image = np.random.default_rng(SEED).normal(0, 1, size).astype(np.float32)
    network = Converter(model, image).convert()
    with torch.inference_mode():
        traced = torch.jit.trace(network, torch.from_numpy(image))
        result = traced(torch.from_numpy(image)).numpy()
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    expected = session.run(None, {model.graph.input[0].name: image})[0]
    difference = float(np.abs(result - expected).max())
    print(f"largest difference from ONNX Runtime: {difference:.2e}")
    if difference > TOLERANCE:
        sys.exit(1)
    torch.jit.save(traced, target)


if __name__ == "__main__":
    main()
