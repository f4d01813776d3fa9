"""Writes small ONNX files for the tests of the ONNX runtime, and ONNX Runtime's results beside them.

    python make_onnx_nets.py FOLDER

The same seed gives the same files. Needs numpy, onnx and onnxruntime.
"""

import json
from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from script_paths import script_paths

SEED = 11
OPSET = 19  # the first one with DeformConv
IR_VERSION = 9  # of ONNX 1.14, which has this opset


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: dict[str, np.ndarray] | None = None,
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(values, name) for name, values in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "net", list(inputs), list(outputs), initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    return made


def value(name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def convolution(rng: np.random.Generator, size: Sequence[int | str]) -> onnx.ModelProto:
    """Two outputs: a convolution with ReLU, and its logistic function at twice the size."""
    weights = {
        "weight": rng.normal(0, 0.3, (2, 3, 3, 3)).astype(np.float32),
        "bias": rng.normal(0, 0.3, 2).astype(np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    nodes = [
        # rten requires strides and dilations, which exporters write.
        helper.make_node("Conv", ["image", "weight", "bias"], ["sum"], pads=[1] * 4, strides=[1, 1], dilations=[1, 1]),
        helper.make_node("Relu", ["sum"], ["features"]),
        helper.make_node("Resize", ["features", "", "scales"], ["large"], mode="linear"),
        helper.make_node("Sigmoid", ["large"], ["map"]),
    ]
    outputs = [value("features", [1, 2, "rows", "columns"]), value("map", [1, 2, "large_rows", "large_columns"])]
    return model(nodes, [value("image", [1, 3, *size])], outputs, weights)


def deformable(rng: np.random.Generator) -> onnx.ModelProto:
    """A deformable convolution, an operator that few runtimes have."""
    weights = {
        "weight": rng.normal(0, 1, (1, 3, 1, 1)).astype(np.float32),
        "offset": np.zeros((1, 2, 4, 4), np.float32),
    }
    node = helper.make_node("DeformConv", ["image", "weight", "offset"], ["map"], kernel_shape=[1, 1])
    return model([node], [value("image", [1, 3, 4, 4])], [value("map", [1, 1, 4, 4])], weights)


def sum_of(inputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
    kind = inputs[0].type.tensor_type.elem_type
    names = [single.name for single in inputs]
    node = helper.make_node("Add", [names[0], names[-1]], ["sum"])
    rank = len(inputs[0].type.tensor_type.shape.dim)
    return model([node], inputs, [value("sum", [f"side{index}" for index in range(rank)], kind)])


def main() -> None:
    (folder,) = script_paths(__doc__, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    image = [1, 3, "height", "width"]
    nets = {
        "convolution": convolution(rng, ["height", "width"]),
        "fixed-size": convolution(rng, [4, 5]),
        "deformable": deformable(rng),
        "matrix-input": sum_of([value("matrix", [3, 4])]),
        "integer-input": sum_of([value("image", image, TensorProto.INT32)]),
        "two-inputs": sum_of([value("image", image), value("other", image)]),
    }
    for name, net in nets.items():
        (folder / f"{name}.onnx").write_bytes(net.SerializeToString())
    session = onnxruntime.InferenceSession(nets["convolution"].SerializeToString())
    pixels = np.linspace(-1, 1, 3 * 4 * 5, dtype=np.float32).reshape(1, 3, 4, 5)
    results = session.run(None, {"image": pixels})
    described = [{"shape": list(result.shape), "values": result.ravel().tolist()} for result in results]
    (folder / "convolution.json").write_text(json.dumps(described) + "\n")


if __name__ == "__main__":
    main()
