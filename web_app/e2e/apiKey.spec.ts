import { expect, test } from "@playwright/test";
import { EditorPage } from "./page";
import { startServer } from "./server";

const KEY = "test-key-0123456789-0123456789";

test("the API key is requested once per browser", async ({ page, context, request }) => {
  const server = await startServer(["--api-key", KEY, "--input", "public/samples/cocktail.jpg"]);
  try {
    expect((await request.get(`${server.url}/api/v1/server-config`)).status()).toBe(401);

    await page.goto(server.url);
    const dialog = page.getByRole("dialog", { name: "API key required" });
    await dialog.getByLabel("API key").fill("wrong-key-0123456789-0123456789");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await expect(dialog.getByRole("alert")).toContainText("Invalid API key");
    expect(await context.cookies()).toEqual([]);

    await dialog.getByLabel("API key").fill(KEY);
    await dialog.getByLabel("API key").press("Enter");
    await expect(dialog).toBeHidden();
    const cookies = await context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(JSON.stringify(cookies)).not.toContain(KEY);

    // Requests rejected before the login are repeated.
    await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
    const editor = new EditorPage(page);
    await editor.settled();
    await editor.stroke();
    await editor.waitForFill();

    await page.reload();
    await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
    await expect(dialog).toBeHidden();
  } finally {
    await server.stop();
  }
});

test("sessions receive progress events", async ({ page }) => {
  const server = await startServer(["--api-key", KEY]);
  try {
    await page.goto(server.url);
    const dialog = page.getByRole("dialog", { name: "API key required" });
    await dialog.getByLabel("API key").fill(KEY);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await expect(dialog).toBeHidden();
    const opened = page.waitForEvent("websocket", (socket) => socket.url().includes("/socket.io/"));
    const editor = new EditorPage(page);
    await editor.button("Cocktail by the sea").click();
    await editor.settled();
    await editor.stroke();
    await editor.waitForFill();
    await opened;
  } finally {
    await server.stop();
  }
});
