import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

/** A reverse proxy that offers the server below `prefix` and nothing elsewhere. */
async function proxy(server: string, prefix: string): Promise<Server> {
  const target = new URL(server);
  const listening = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(prefix)) {
      outgoing.writeHead(404).end();
      return;
    }
    const onward = request(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: `/${incoming.url.slice(prefix.length)}`,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return listening;
}

test("the page works below a path of a reverse proxy", async ({ page, server }) => {
  const between = await proxy(server, "/tools/paint/");
  try {
    const missing: string[] = [];
    page.on("response", (response) => {
      if (response.status() === 404) missing.push(response.url());
    });
    const { port } = between.address() as AddressInfo;
    const editor = new EditorPage(page);
    await editor.openSample(`http://127.0.0.1:${port}/tools/paint/`);
    await editor.stroke();
    await expect(page.getByRole("status", { name: "Progress" })).toContainText("Done", { timeout: 80_000 });
    await page.keyboard.press("s");
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    expect(missing).toEqual([]);
  } finally {
    between.closeAllConnections();
    between.close();
  }
});
