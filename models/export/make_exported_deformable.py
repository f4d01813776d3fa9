"""Exports a deformable convolution as BiRefNet's published ONNX files have it, for `tests/fixtures/onnx`.

    python make_exported_deformable.py FOLDER

gathered-deformable.onnx has GatherND, ScatterND and arithmetic instead of DeformConv; gathered-deformable.json has torchvision's
result. The same seed gives the same files. Needs torch, torchvision, onnx and deform-conv2d-onnx-exporter.
"""

import json

import deform_conv2d_onnx_exporter
import torch
from script_paths import script_paths
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

SEED = 11
OPSET = 17


class Deformable(nn.Module):
    """A modulated deformable convolution of 3x3 pixels, whose offsets and weights depend on the image."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(3, 18, 3, padding=1)
        self.modulator = nn.Conv2d(3, 9, 3, padding=1)
        self.weight = nn.Parameter(torch.randn(2, 3, 3, 3) / 3)

    def forward(self, image: Tensor) -> Tensor:
        """Maps an image of (1, 3, rows, columns) to 2 channels of the same size."""
        strengths = 2 * torch.sigmoid(self.modulator(image))
        return deform_conv2d(image, self.offsets(image), self.weight, padding=1, mask=strengths)


def main() -> None:
    """Writes both files."""
    (folder,) = script_paths(__doc__, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    deform_conv2d_onnx_exporter.register_deform_conv2d_onnx_op()
    torch.manual_seed(SEED)
    network = Deformable().eval()
    image = torch.linspace(-1, 1, 3 * 4 * 5).reshape(1, 3, 4, 5)
    with torch.no_grad():
        result = network(image)
        torch.onnx.export(
            network,
            (image,),
            folder / "gathered-deformable.onnx",
            opset_version=OPSET,
            input_names=["image"],
            output_names=["map"],
            dynamo=False,
        )
    described = [{"shape": list(result.shape), "values": result.ravel().tolist()}]
    (folder / "gathered-deformable.json").write_text(json.dumps(described) + "\n")


if __name__ == "__main__":
    main()
