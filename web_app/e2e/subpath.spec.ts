import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

/** Starts a reverse proxy that serves the server below `prefix` and returns 404 elsewhere. */
async function startProxy(server: string, prefix: string): Promise<Server> {
  const target = new URL(server);
  const proxyServer = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(prefix)) {
      outgoing.writeHead(404).end();
      return;
    }
    const upstream = request(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: `/${incoming.url.slice(prefix.length)}`,
        headers: incoming.headers,
      },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      },
    );
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => proxyServer.listen(0, "127.0.0.1", resolve));
  return proxyServer;
}

test("the page works below a proxy path", async ({ page, server }) => {
  const reverseProxy = await startProxy(server, "/tools/paint/");
  try {
    const missing: string[] = [];
    page.on("response", (response) => {
      if (response.status() === 404) missing.push(response.url());
    });
    const { port } = reverseProxy.address() as AddressInfo;
    const editor = new EditorPage(page);
    await editor.openSample(`http://127.0.0.1:${port}/tools/paint/`);
    await editor.stroke();
    await editor.waitForFill();
    await page.keyboard.press("s");
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    expect(missing).toEqual([]);
  } finally {
    reverseProxy.closeAllConnections();
    reverseProxy.close();
  }
});
