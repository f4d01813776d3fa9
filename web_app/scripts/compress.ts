import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** What gains by it; pictures are compressed already. */
const TEXT = /\.(html|js|css|svg|json|txt|webmanifest)$/;

/** A compressed file is worth its place in the binary where it is at least this much smaller, in bytes. */
const MIN_GAIN = 200;

/** Lays a `.br` and a `.gz` beside each text of the built page, which the server sends to browsers that take them. */
export function compress(): Plugin {
  let folder = "";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name));
      await Promise.all(files.map((entry) => compressFile(join(entry.parentPath, entry.name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path);
  const forms: [string, Buffer][] = [
    [
      ".br",
      await promisify(brotliCompress)(bytes, {
        params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    ],
    [".gz", await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION })],
  ];
  for (const [extension, form] of forms) {
    if (form.length + MIN_GAIN <= bytes.length) await writeFile(path + extension, form);
  }
}
