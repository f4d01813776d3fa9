// Checks the imports within src: a layer imports only from the layers listed for it, and no file imports
// itself through others. Type-only and dynamic imports count.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Layers from the bottom up, each with the layers that it may import. */
const ALLOWED = {
  core: [],
  i18n: [],
  api: ["core", "i18n"],
  settings: ["core", "i18n", "api"],
  editor: ["core", "i18n", "api", "settings"],
  kit: ["i18n"],
  files: ["core", "i18n", "api", "settings", "editor", "kit"],
  models: ["core", "i18n", "api", "kit"],
  batch: ["core", "i18n", "api", "settings", "editor", "kit"],
  preferences: ["i18n", "api", "settings", "kit"],
  actions: ["core", "i18n", "api", "settings", "editor", "files"],
  ui: [
    "core",
    "i18n",
    "api",
    "settings",
    "editor",
    "kit",
    "files",
    "models",
    "batch",
    "preferences",
    "actions",
  ],
  main: ["api", "settings", "editor", "kit", "ui"],
};

/** Returns the layer of a path relative to src. */
function layerOf(path) {
  const [folder, subfolder] = path.split("/");
  if (path === folder) return "main";
  if (folder === "ui" && subfolder === "kit") return "kit";
  if (folder === "settings" && path.endsWith(".tsx")) return "preferences";
  return folder;
}

/** Returns the files of src that a file imports, relative to src. */
function importsOf(path) {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(SRC, path), "utf8"), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) => resolve(normalize(join(dirname(path), name))))
    .filter((target) => target !== null);
}

/** Returns a TypeScript file for a path without an extension; null for other files. */
function resolve(path) {
  const candidates = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`];
  const found = candidates.find((each) => existsSync(join(SRC, each)) && statSync(join(SRC, each)).isFile());
  return found && /\.tsx?$/.test(found) ? found : null;
}

/** Returns the files of one cycle through the graph, or null. */
function findCycle(graph) {
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return null;
}

const files = readdirSync(SRC, { recursive: true }).filter((file) => /\.tsx?$/.test(file));
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const problems = [];
for (const [file, targets] of graph) {
  const layer = layerOf(file);
  for (const target of targets) {
    const imported = layerOf(target);
    if (imported !== layer && !ALLOWED[layer]?.includes(imported))
      problems.push(`src/${file} (${layer}) must not import src/${target} (${imported})`);
  }
}
const cycle = findCycle(graph);
if (cycle) problems.push(`cycle: ${cycle.join(" -> ")}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
