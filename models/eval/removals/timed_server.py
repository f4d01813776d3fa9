"""A running server, and the processor time of its model thread."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from pathlib import Path

import cv2
import numpy as np

NANOSECONDS = 1e9
PATIENCE_SECONDS = 600


class Server:
    """A server with one model thread, whose forward passes run on it alone. Ends with the block that it is the context of."""

    def __init__(self, binary: str, model: str, model_dir: Path | None = None) -> None:
        command = [binary, "start", "--port", "0", "--model", model, "--threads", "1", "--workers", "1"]
        if model_dir is not None:
            command += ["--model-dir", str(model_dir)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line.startswith("Listening on "):
            self.process.kill()
            raise SystemExit(f"the server did not start: {line!r}")
        self.address = line.removeprefix("Listening on ")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def fill(self, rgb: np.ndarray, mask: np.ndarray, options: dict) -> tuple[np.ndarray, float]:
        """Returns the filled image and the processor seconds of the model thread, i.e. without coding."""
        images = {"image": rgb[..., ::-1], "mask": mask * 255}
        # Bitmaps of 20 megapixels exceed the largest body.
        fast = [cv2.IMWRITE_PNG_COMPRESSION, 1]
        coded = {
            name: base64.b64encode(cv2.imencode(".png", image, fast)[1]).decode() for name, image in images.items()
        }
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.address}/api/v1/inpaint", data=json.dumps(coded | options).encode(), headers=headers
        )
        before = self._model_seconds()
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            content = response.read()
        seconds = self._model_seconds() - before
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].copy(), seconds

    def _model_seconds(self) -> float:
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        own = [thread for thread in threads if (thread / "comm").read_text().strip() == "model"]
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in own) / NANOSECONDS
