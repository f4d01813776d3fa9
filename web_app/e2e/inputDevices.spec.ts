import { devices, expect, type CDPSession } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage, type Position } from "./page";

test.describe("touch", () => {
  const { viewport, deviceScaleFactor, isMobile, hasTouch, userAgent } = devices["Pixel 7"];
  test.use({ viewport, deviceScaleFactor, isMobile, hasTouch, userAgent });

  const touch = (client: CDPSession, type: "Start" | "Move" | "End", ...touchPoints: Position[]) =>
    client.send("Input.dispatchTouchEvent", { type: `touch${type}`, touchPoints });

  test("one finger paints, two fingers zoom", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await editor.openSample(server);
    const client = await page.context().newCDPSession(page);
    const { x, y } = { x: 200, y: 400 };
    const steps = [10, 20, 30, 40, 50, 60];

    const before = await editor.settled();
    await touch(client, "Start", { x, y });
    await touch(client, "Move", { x: x + 6, y });
    await touch(client, "Start", { x: x + 6, y }, { x: x + 60, y });
    for (const step of steps) await touch(client, "Move", { x: x - step, y }, { x: x + 60 + step, y });
    await touch(client, "End");
    await expect.poll(() => editor.maskArea()).toBe(0);
    await expect(editor.undo).toBeDisabled();
    await editor.expectDifferent(before);

    await touch(client, "Start", { x, y });
    for (const step of steps) await touch(client, "Move", { x: x + step, y: y + step });
    await touch(client, "End");
    await editor.waitForFill();
    await expect(editor.undo).toBeEnabled();
  });
});

test.describe("keyboard only", () => {
  test("open, paint, fill, undo and save", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await page.goto(server);
    const focused = page.locator(":focus");
    const tabTo = async (name: string) => {
      for (let tabs = 0; tabs < 40; tabs++) {
        if ((await focused.count()) > 0 && (await focused.getAttribute("aria-label")) === name) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab doesn't reach ${name}`);
    };
    await tabTo("Cocktail by the sea");
    await page.keyboard.press("Enter");
    await expect(editor.image).toBeVisible();
    const before = await editor.settled();

    // A short press of Tab moves the focus; holding it compares with the original.
    await tabTo("Canvas");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    for (let step = 0; step < 8; step++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await editor.waitForFill();
    await editor.expectDifferent(before);

    await page.keyboard.press("Control+Z");
    await editor.expectImage(before);
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("Control+S");
    expect((await downloading).suggestedFilename()).toBe("cocktail_cleanup.jpg");
  });
});
