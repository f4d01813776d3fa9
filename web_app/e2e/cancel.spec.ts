import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

test("cancel keeps the mask and notifies the server", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  const original = await editor.settled();
  // The request is never answered.
  await page.route("**/api/v1/inpaint", () => undefined);
  const sent = page.waitForRequest("**/api/v1/inpaint");
  const deleted = page.waitForRequest((request) => request.method() === "DELETE");
  await editor.stroke();
  const cancel = editor.button("Cancel");
  await expect(cancel).toBeVisible();
  await expect(page.getByText(/^\d+\.\d s$/)).toBeVisible();
  await expect(editor.undo).toBeDisabled();
  // The button appears before the request is sent.
  const jobId = (await sent).headers()["x-job-id"] ?? "";

  await cancel.click();
  await expect(cancel).toBeHidden();
  expect((await deleted).url()).toBe(new URL(`api/v1/jobs/${jobId}`, server).href);
  expect(await editor.settledMaskArea()).toBeGreaterThan(0);
  await editor.expectImage(original);

  // The kept mask can still be filled.
  await page.unroute("**/api/v1/inpaint");
  await editor.run.click();
  await editor.waitForFill();
  await expect.poll(() => editor.maskArea()).toBe(0);
  await editor.expectDifferent(original);
});

test("server errors and outages are reported", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await page.route("**/api/v1/inpaint", (route) =>
    route.fulfill({
      status: 429,
      json: { error: "QueueFull", detail: "The queue is full. Try again in 5 s." },
    }),
  );
  await editor.stroke();
  await expect(page.getByText("The queue is full. Try again in 5 s.").first()).toBeVisible();
  expect(await editor.settledMaskArea()).toBeGreaterThan(0);

  await page.route("**/readyz", (route) => route.abort());
  await expect(page.getByRole("status", { name: "Model" })).toHaveText("Server unreachable");
  await page.unroute("**/readyz");
  await expect(page.getByText("Reconnected to the server.").first()).toBeVisible();
});
