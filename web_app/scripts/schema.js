// The types of the server's API, from the description that the server's tests hold to. Writes src/api/schema.ts;
// with --check it only fails where that file isn't what it would write.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import { format, resolveConfig } from "prettier";

const SNAPSHOT = new URL("../../tests/api/snapshots/api__surface__openapi.snap", import.meta.url);
const TARGET = new URL("../src/api/schema.ts", import.meta.url);
const HEAD = "// Written by `npm run schema` from the server's description of its API. Not to be edited.\n\n";

// A snapshot is a head of YAML between two lines of dashes, and the text.
const text = (await readFile(SNAPSHOT, "utf8")).split(/^---$/m).slice(2).join("---");
const types = astToString(await openapiTS(JSON.parse(text)));
const options = await resolveConfig(TARGET);
const schema = await format(HEAD + types, { ...options, filepath: TARGET.pathname });

if (!process.argv.includes("--check")) {
  await writeFile(TARGET, schema);
} else if ((await readFile(TARGET, "utf8")) !== schema) {
  console.error("src/api/schema.ts is not what the server's API is; run `npm run schema`");
  process.exitCode = 1;
}
