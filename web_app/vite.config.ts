import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./scripts/compress.ts";

// The server that `npm run dev` forwards API requests to.
const server = process.env.IOPAINT_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  // Relative URLs, so that the page works under any base path.
  base: "./",
  plugins: [compress(), react(), tailwindcss()],
  build: {
    target: "es2022",
    // data: URLs would require a less strict Content-Security-Policy, so no asset is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    // The Host header is kept, because the server rejects requests whose Origin and Host differ.
    proxy: Object.fromEntries(
      ["/api", "/readyz", "/socket.io"].map((path) => [path, { target: server, ws: path === "/socket.io" }]),
    ),
  },
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/editor/testing/setup.ts"],
  },
});
