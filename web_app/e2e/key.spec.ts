import { expect, test } from "@playwright/test";
import { EditorPage } from "./page";
import { startServer } from "./server";

const KEY = "a-key-for-the-test-0123456789";

test("the page asks for the server's key once and the browser is remembered", async ({
  page,
  context,
  request,
}) => {
  const server = await startServer(["--api-key", KEY, "--input", "public/samples/cocktail.jpg"]);
  try {
    expect((await request.get(`${server.url}/api/v1/server-config`)).status()).toBe(401);

    await page.goto(server.url);
    const dialog = page.getByRole("dialog", { name: "Key needed" });
    await dialog.getByLabel("Key").fill("a-key-that-somebody-made-up");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await expect(dialog.getByRole("alert")).toContainText("not the server's key");
    expect(await context.cookies()).toEqual([]);

    await dialog.getByLabel("Key").fill(KEY);
    await dialog.getByLabel("Key").press("Enter");
    await expect(dialog).toBeHidden();
    const cookies = await context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(JSON.stringify(cookies)).not.toContain(KEY);

    // What was refused before the key is asked for again.
    await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
    const editor = new EditorPage(page);
    await editor.settled();
    await editor.stroke();
    await editor.filled();

    await page.reload();
    await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
    await expect(dialog).toBeHidden();
  } finally {
    await server.stop();
  }
});

test("progress is told to a browser with a session", async ({ page }) => {
  const server = await startServer(["--api-key", KEY]);
  try {
    await page.goto(server.url);
    const dialog = page.getByRole("dialog", { name: "Key needed" });
    await dialog.getByLabel("Key").fill(KEY);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await expect(dialog).toBeHidden();
    const opened = page.waitForEvent("websocket", (socket) => socket.url().includes("/socket.io/"));
    const editor = new EditorPage(page);
    await editor.button("Cocktail by the sea").click();
    await editor.settled();
    await editor.stroke();
    await editor.filled();
    await opened;
  } finally {
    await server.stop();
  }
});
