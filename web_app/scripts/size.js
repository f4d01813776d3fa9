// Fails if the initial load (index.html and all files it references, gzipped) exceeds its budget.
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

/** In bytes. */
const BUDGET = 250_000;
const DIST = new URL("../dist/", import.meta.url);

const page = await readFile(new URL("index.html", DIST), "utf8");
const references = [...page.matchAll(/\b(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1]);

let total = 0;
for (const name of ["index.html", ...new Set(references)]) {
  const file = new URL(name, DIST);
  const compressed = new URL(`${name}.gz`, DIST);
  const { size } = await stat(existsSync(compressed) ? compressed : file);
  total += size;
  console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  bytes of ${BUDGET} for the initial load`);
if (total > BUDGET) process.exitCode = 1;
