"""Downloads arrive whole or not at all, whatever the network does."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import fetch
from file_server import Server, serving

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Downloads(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def download(self, server: Server, sha256: str | None = SHA256) -> Path:
        return fetch.download(server.url(), self.folder, sha256, lambda sentence: None, pause_seconds=0)

    def test_cut_connection_is_resumed(self) -> None:
        with serving(CONTENT) as server:
            server.cuts = [1000, 5000]
            file = self.download(server)
            self.assertEqual(server.ranges, [None, "bytes=1000-", "bytes=6000-"])
        self.assertEqual(file.read_bytes(), CONTENT)
        self.assertEqual(os.listdir(self.folder), ["file.bin"])

    def test_partial_file_of_an_earlier_run_is_resumed(self) -> None:
        (self.folder / "file.bin.part").write_bytes(CONTENT[:700])
        with serving(CONTENT) as server:
            self.download(server)
            self.assertEqual(server.ranges, ["bytes=700-"])

    def test_complete_partial_file_needs_no_download(self) -> None:
        (self.folder / "file.bin.part").write_bytes(CONTENT)
        with serving(CONTENT) as server:
            self.assertEqual(self.download(server).read_bytes(), CONTENT)

    def test_partial_file_of_other_content_is_discarded(self) -> None:
        (self.folder / "file.bin.part").write_bytes(b"x" * 700)
        with serving(CONTENT) as server:
            self.assertEqual(self.download(server).read_bytes(), CONTENT)
            self.assertEqual(server.ranges, ["bytes=700-", None])

    def test_a_server_without_ranges_starts_over(self) -> None:
        (self.folder / "file.bin.part").write_bytes(CONTENT[:700])
        with serving(CONTENT) as server:
            server.honours_ranges = False
            self.assertEqual(self.download(server).read_bytes(), CONTENT)

    def test_partial_file_without_hash_and_etag_is_discarded(self) -> None:
        (self.folder / "file.bin.part").write_bytes(b"x" * 700)
        with serving(CONTENT) as server:
            self.assertEqual(self.download(server, sha256=None).read_bytes(), CONTENT)
            self.assertEqual(server.ranges, [None])

    def test_changed_etag_restarts_the_download(self) -> None:
        (self.folder / "file.bin.part").write_bytes(b"x" * 700)
        (self.folder / "file.bin.tag").write_text('"zero"')
        with serving(CONTENT) as server:
            self.assertEqual(self.download(server, sha256=None).read_bytes(), CONTENT)

    def test_a_wrong_hash_leaves_no_file(self) -> None:
        with serving(CONTENT[:-1] + b"x") as server, self.assertRaisesRegex(fetch.FetchError, "SHA-256"):
            self.download(server)
        self.assertEqual([name for name in os.listdir(self.folder) if not name.endswith(".tag")], [])

    def test_repeated_cuts_fail(self) -> None:
        with serving(CONTENT) as server, self.assertRaisesRegex(fetch.FetchError, "could not be fetched"):
            server.cuts = [1] * 50
            self.download(server)

    def test_a_missing_file_is_unreachable(self) -> None:
        with serving(CONTENT) as server, self.assertRaises(fetch.Unreachable):
            fetch.probe(server.url("missing.zip"), 5)

    def test_a_closed_port_is_unreachable(self) -> None:
        with serving(CONTENT) as server:
            url = server.url()
        with self.assertRaises(fetch.Unreachable):
            fetch.probe(url, 5)


class Pip(unittest.TestCase):
    def test_a_report_gives_address_and_hash(self) -> None:
        def package(name: str, sha256: str) -> dict:
            info = {"url": f"http://host/{name}.whl", "archive_info": {"hashes": {"sha256": sha256}}}
            return {"metadata": {"name": name}, "download_info": info}

        report = json.dumps({"install": [package("nvidia_cuda.cupti", "cd"), package("torch", "ab")]})
        self.assertEqual(fetch.parse_report(report, "torch==2.7.0"), fetch.Wheel("http://host/torch.whl", "ab"))
        cupti = fetch.parse_report(report, "NVIDIA-cuda-cupti==12.6.80")
        self.assertEqual(cupti.sha256, "cd")

    def test_a_report_without_a_hash_is_refused(self) -> None:
        for report in ("", "{}", '{"install": []}', '{"install": [{"download_info": {"url": "u"}}]}'):
            with self.subTest(report), self.assertRaises(fetch.FetchError):
                fetch.parse_report(report, "torch")


if __name__ == "__main__":
    unittest.main()
