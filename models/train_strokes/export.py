#!/usr/bin/env python3
"""Writes the stroke network as ONNX: `export.py strokes.pth text-strokes.onnx`.

Batch normalisation is folded into the convolutions. The output are probabilities. The result is compared with
PyTorch's.
"""

from __future__ import annotations

import sys

import numpy as np
import onnx
import torch
from network import Residual, Strokes
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 13
TOLERANCE = 1e-4  # largest difference of probabilities


class Graph:
    """An ONNX graph under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def convolution(self, layer: nn.Conv2d | nn.ConvTranspose2d, source: str) -> str:
        parameters = []
        for kind, values in (("weight", layer.weight), ("bias", layer.bias)):
            parameters.append(f"{kind}{len(self.weights)}")
            self.weights.append(numpy_helper.from_array(values.detach().numpy(), parameters[-1]))
        top, left = layer.padding
        return self.add(
            "Conv" if isinstance(layer, nn.Conv2d) else "ConvTranspose",
            source,
            *parameters,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=[top, left, top, left],
            dilations=[1, 1],
            group=1,
        )

    def residual(self, layers: Residual, source: str) -> str:
        """Adds two convolutions, and the sum of their result with `source`."""
        second = fuse_conv_bn_eval(*layers.second)
        changed = self.convolution(second, self.block(layers.first, source))
        return self.add("Relu", self.add("Add", source, changed))

    def block(self, layers: nn.Sequential, source: str) -> str:
        """Adds blocks of a convolution, batch normalisation and ReLU, nested or not."""
        modules = [module for module in layers.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
        for layer, norm in zip(modules[::2], modules[1::2], strict=True):
            source = self.add("Relu", self.convolution(fuse_conv_bn_eval(layer, norm), source))
        return source


def converted(network: Strokes) -> onnx.ModelProto:
    graph = Graph()
    features = [graph.block(network.stem, "image")]
    for layer in network.down:
        features.append(graph.block(layer, features[-1]))
    found = graph.block(network.middle, features.pop())
    for layers in network.context:
        found = graph.residual(layers, found)
    features[-1] = graph.residual(network.detail, features[-1])
    for up, merge in zip(reversed(network.up), reversed(network.merge), strict=True):
        found = graph.block(merge, graph.add("Add", graph.convolution(up, found), features.pop()))
    graph.add("Sigmoid", graph.convolution(network.head, found))
    output = graph.nodes[-1].output[0]
    body = helper.make_graph(
        graph.nodes,
        "strokes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 4, "height", "width"])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 1, "height", "width"])],
        graph.weights,
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="iopaint")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def main() -> None:
    source, target = sys.argv[1:]
    network = Strokes().eval()
    network.load_state_dict(torch.load(source, weights_only=True))
    model = converted(network)
    image: Tensor = torch.rand(1, 4, 48, 64) * 2 - 1
    with torch.inference_mode():
        expected = network(image).sigmoid().numpy()
    found = ReferenceEvaluator(model).run(None, {"image": image.numpy()})[0]
    difference = float(np.abs(found - expected).max())
    print(f"largest difference from PyTorch: {difference:.2e}")
    if difference > TOLERANCE:
        sys.exit(1)
    onnx.save(model, target)


if __name__ == "__main__":
    main()
