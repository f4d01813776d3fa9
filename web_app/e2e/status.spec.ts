import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

const model = (page: Page) => page.getByRole("status", { name: "Model" });

/** Mocks the server's readiness response. */
async function mockReadiness(page: Page, readiness: object): Promise<void> {
  await page.route("**/readyz", (route) =>
    route.fulfill({ json: { ready: false, model: null, loading: null, failure: null, ...readiness } }),
  );
}

test("model loading and download progress", async ({ page, server }) => {
  await mockReadiness(page, { loading: { name: "lama", bytes: null, total: null } });
  await page.goto(server);
  await expect(model(page)).toHaveText("Loading lama…");
  await mockReadiness(page, { loading: { name: "lama", bytes: 51_000_000, total: 205_000_000 } });
  await expect(model(page)).toHaveText("Downloading lama: 51 of 205 MB");
  await expect(page.getByRole("progressbar", { name: "Download progress of lama" })).toHaveAttribute(
    "value",
    "51000000",
  );
  await mockReadiness(page, { failure: "lama couldn't be downloaded: no route to host." });
  await expect(model(page)).toHaveText("No model loaded");
  await page.unrouteAll();
  await expect(model(page)).toHaveText("lama-mini");
});

test("the mask survives a connection loss", async ({ page, context, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await expect(model(page)).toHaveText("lama-mini");
  await context.setOffline(true);
  await editor.stroke();
  await expect(
    page.getByText("Can't reach the server. Check that it is still running.").first(),
  ).toBeVisible();
  await expect(model(page)).toHaveText("Server unreachable");
  expect(await editor.settledMaskArea()).toBeGreaterThan(0);
  await context.setOffline(false);
  await expect(page.getByText("Reconnected to the server.").first()).toBeVisible();
  await editor.run.click();
  await editor.waitForFill();
});

test("the API key dialog retries a wrong key", async ({ page, server }) => {
  let authorized = false;
  await page.route("**/api/v1/server-config", (route) =>
    authorized
      ? route.continue()
      : route.fulfill({ status: 401, json: { detail: "An API key is required." } }),
  );
  await page.route("**/api/v1/session", async (route) => {
    authorized = (route.request().postDataJSON() as { key: string }).key === "correct";
    await route.fulfill({ status: authorized ? 204 : 401 });
  });
  await page.goto(server);
  const dialog = page.getByRole("dialog", { name: "API key required" });
  await dialog.getByLabel("API key", { exact: true }).fill("wrong");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveText(/Invalid API key/);
  await dialog.getByLabel("API key", { exact: true }).fill("correct");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
});

test("opening an image shows progress", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  const opening = await page.evaluateHandle(() => {
    const opening = { shown: false };
    new MutationObserver(() => {
      const text = document.querySelector("main[aria-busy=true]")?.textContent ?? "";
      opening.shown ||= text.includes("Opening…");
    }).observe(document, { attributes: true, childList: true, subtree: true, characterData: true });
    return opening;
  });
  await editor.button("Hot-air balloon").click();
  await expect(editor.image).toBeVisible();
  expect(await opening.jsonValue()).toEqual({ shown: true });
});
