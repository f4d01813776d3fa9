// Fails where the first load of the built page is over its budget: the page itself and all that it names, gzipped.
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

const BUDGET = 250_000;
const DIST = new URL("../dist/", import.meta.url);

const page = await readFile(new URL("index.html", DIST), "utf8");
const named = [...page.matchAll(/\b(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1]);

let total = 0;
for (const name of ["index.html", ...new Set(named)]) {
  const file = new URL(name, DIST);
  const compressed = new URL(`${name}.gz`, DIST);
  const { size } = await stat(existsSync(compressed) ? compressed : file);
  total += size;
  console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  bytes of ${BUDGET} for the first load`);
if (total > BUDGET) process.exitCode = 1;
