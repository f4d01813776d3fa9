import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

const model = (page: Page) => page.getByRole("status", { name: "Model" });

/** Has the server say how far it is. */
async function readiness(page: Page, now: object): Promise<void> {
  await page.route("**/readyz", (route) =>
    route.fulfill({ json: { ready: false, model: null, loading: null, failure: null, ...now } }),
  );
}

test("a model that is loaded or downloaded shows how far it is", async ({ page, server }) => {
  await readiness(page, { loading: { name: "lama", bytes: null, total: null } });
  await page.goto(server);
  await expect(model(page)).toHaveText("Loading lama");
  await readiness(page, { loading: { name: "lama", bytes: 51_000_000, total: 205_000_000 } });
  await expect(model(page)).toHaveText("Downloading lama, 51 of 205 MB");
  await expect(page.getByRole("progressbar", { name: "Download of lama" })).toHaveAttribute(
    "value",
    "51000000",
  );
  await readiness(page, { failure: "lama couldn't be downloaded: no route to host." });
  await expect(model(page)).toHaveText("No model yet");
  await page.unrouteAll();
  await expect(model(page)).toHaveText("lama-mini");
});

test("a browser that goes offline keeps what is painted, and goes on when it is back", async ({
  page,
  context,
  server,
}) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await expect(model(page)).toHaveText("lama-mini");
  await context.setOffline(true);
  await editor.stroke();
  await expect(page.getByText("The server can't be reached. Is it still running?").first()).toBeVisible();
  await expect(model(page)).toHaveText("Server not reached");
  expect(await editor.settledMaskArea()).toBeGreaterThan(0);
  await context.setOffline(false);
  await expect(page.getByText("The server is back.").first()).toBeVisible();
  await editor.run.click();
  await editor.filled();
});

test("a server that wants a key is given it, and the page goes on", async ({ page, server }) => {
  let known = false;
  await page.route("**/api/v1/server-config", (route) =>
    known ? route.continue() : route.fulfill({ status: 401, json: { detail: "A key is needed." } }),
  );
  await page.route("**/api/v1/session", async (route) => {
    known = (route.request().postDataJSON() as { key: string }).key === "open sesame";
    await route.fulfill({ status: known ? 204 : 401 });
  });
  await page.goto(server);
  const dialog = page.getByRole("dialog", { name: "Key needed" });
  await dialog.getByLabel("Key", { exact: true }).fill("wrong");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveText(/not the server's key/);
  await dialog.getByLabel("Key", { exact: true }).fill("open sesame");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
});

test("a picture that takes long to open says so", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  const said = page.evaluate(
    () =>
      new Promise((resolve) => {
        new MutationObserver((_, observer) => {
          if (!document.querySelector("main[aria-busy=true]")?.textContent.includes("Opening…")) return;
          observer.disconnect();
          resolve(true);
        }).observe(document, { attributes: true, childList: true, subtree: true, characterData: true });
      }),
  );
  await editor.button("Hot-air balloon").click();
  expect(await said).toBe(true);
  await expect(editor.picture).toBeVisible();
});
