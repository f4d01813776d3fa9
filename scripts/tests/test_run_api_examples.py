"""Examples of a page are found, run, and can fail."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import run_api_examples as runner

PAGE = """# A page

```sh
echo one
```

```json
{"not": "run"}
```

```sh status=422
curl http://127.0.0.1:8080/x
```
"""


class Examples(unittest.TestCase):
    def test_shell_blocks_are_found_with_their_line_and_status(self) -> None:
        found = runner.examples(PAGE)
        self.assertEqual([(example.line, example.status) for example in found], [(3, None), (11, 422)])
        self.assertEqual(found[0].commands, "echo one\n")

    def test_the_page_of_the_api_has_examples(self) -> None:
        self.assertGreater(len(runner.examples((runner.ROOT / "docs" / "api.md").read_text())), 10)

    def test_a_command_that_fails_is_told_wherever_it_stands(self) -> None:
        with tempfile.TemporaryDirectory() as name:

            def problem(commands: str, status: int | None = None) -> str | None:
                return runner.run(runner.Example(1, commands, status), Path(name), {"8080": "1"})

            self.assertIsNone(problem("true\n"))
            self.assertIn("exit code 1", problem("false\ntrue\n") or "")
            self.assertIn("exit code 1", problem("false | true\n") or "")
            self.assertIn("not 422", problem("true\n", 422) or "")
            self.assertIsNone(problem("echo 127.0.0.1:8080 | grep -q 127.0.0.1:1\n"))


if __name__ == "__main__":
    unittest.main()
