import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./scripts/compress.ts";

// Where `npm run dev` finds a running server.
const server = process.env.IOPAINT_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  // Relative addresses: the page works under any base path.
  base: "./",
  plugins: [compress(), react(), tailwindcss()],
  build: {
    target: "es2022",
    // A data: URL would need a wider Content-Security-Policy; every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    // The Host stays the page's own, or the server would take its requests for a foreign page's.
    proxy: Object.fromEntries(
      ["/api", "/readyz", "/socket.io"].map((path) => [path, { target: server, ws: path === "/socket.io" }]),
    ),
  },
  test: {
    include: ["src/**/*.test.ts"],
  },
});
