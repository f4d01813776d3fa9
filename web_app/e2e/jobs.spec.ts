import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./pictures";

/** Opens a large picture and draws holes that are far from each other: each is a part of the job. */
async function withHoles(editor: EditorPage, server: string): Promise<void> {
  await editor.page.goto(server);
  await editor.openDrawn(4000, 3000);
  await editor.page.getByRole("combobox", { name: "For large pictures" }).selectOption("Crop");
  await editor.manualMode();
  for (const [index, [dx, dy]] of [
    [-220, -160],
    [180, -160],
    [-220, 120],
    [180, 120],
  ].entries()) {
    await editor.drag(await editor.spot(dx, dy), await editor.spot((dx ?? 0) + 60, dy));
    await expect(editor.history).toHaveCount(index + 2);
  }
}

test("a job of several parts tells part by part how far it is", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await withHoles(editor, server);
  const said = await editor.progress();
  await editor.run.click();
  await editor.filled();
  const parts = (await said()).filter((text) => text.startsWith("Filling part"));
  expect(new Set(parts).size).toBeGreaterThan(1);
  for (const part of parts) expect(part).toMatch(/^Filling part [1-4] of 4…$/);
  // They never go back.
  expect(parts).toEqual([...parts].sort());
});

test("a job under way is cancelled on the server too", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await withHoles(editor, server);
  const before = await editor.settledMaskArea();
  const told = page.waitForResponse((response) => response.request().method() === "DELETE");
  await editor.run.click();
  await expect(page.getByRole("status", { name: "Progress" })).toContainText("Filling");
  await page.keyboard.press("Escape");
  // 204: the server knew the job and ended it.
  expect((await told).status()).toBe(204);
  await editor.expectMask(before, 0.03);
  await expect(editor.undo).toBeEnabled();
});

test("a job that waits for others says so", async ({ page, request, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  const said = await editor.progress();
  const picture = maskPng(1500, 1500, { x: 0, y: 0, width: 700, height: 1500 });
  const mask = maskPng(1500, 1500, { x: 300, y: 300, width: 900, height: 900 });
  const others = Array.from({ length: 3 }, () =>
    request.post(new URL("api/v1/inpaint", server).href, {
      multipart: {
        image: { name: "picture.png", mimeType: "image/png", buffer: picture },
        mask: { name: "mask.png", mimeType: "image/png", buffer: mask },
      },
    }),
  );
  await editor.stroke();
  await editor.filled();
  expect((await said()).filter((text) => /Waiting|Next in the queue/.test(text))).not.toEqual([]);
  for (const other of others) expect((await other).ok()).toBe(true);
});
