import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** Compressible file types; images are compressed already. */
const COMPRESSIBLE = /\.(html|js|css|svg|json|txt|webmanifest)$/;

/** Minimum saving for a compressed file to be included in the binary, in bytes. */
const MIN_SAVING = 200;

/**
 * Vite plugin that writes a `.br` and a `.gz` file beside each text file of the build, for content
 * negotiation.
 */
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
      const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name));
      await Promise.all(files.map((entry) => compressFile(join(entry.parentPath, entry.name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path);
  const variants: [string, Buffer][] = [
    [
      ".br",
      await promisify(brotliCompress)(bytes, {
        params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    ],
    [".gz", await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION })],
  ];
  for (const [extension, compressed] of variants) {
    if (compressed.length + MIN_SAVING <= bytes.length) await writeFile(path + extension, compressed);
  }
}
