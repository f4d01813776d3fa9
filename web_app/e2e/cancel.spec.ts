import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

test("a job that takes long is cancelled, its mask stays, and the server is told", async ({
  page,
  server,
}) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  const original = await editor.settled();
  // The answer is held back for as long as the page waits for it.
  await page.route("**/api/v1/inpaint", () => undefined);
  const sent = page.waitForRequest("**/api/v1/inpaint");
  const told = page.waitForRequest((request) => request.method() === "DELETE");
  await editor.stroke();
  const cancel = editor.button("Cancel");
  await expect(cancel).toBeVisible();
  await expect(page.getByText(/^\d+\.\d s$/)).toBeVisible();
  await expect(editor.undo).toBeDisabled();
  // The button is there before the request is under way.
  const asked = (await sent).headers()["x-job-id"] ?? "";

  await cancel.click();
  await expect(cancel).toBeHidden();
  expect((await told).url()).toBe(new URL(`api/v1/jobs/${asked}`, server).href);
  expect(await editor.settledMaskArea()).toBeGreaterThan(0);
  await editor.expectPicture(original);

  // What was painted is still there to be filled.
  await page.unroute("**/api/v1/inpaint");
  await editor.run.click();
  await editor.filled();
  await expect.poll(() => editor.maskArea()).toBe(0);
  await editor.expectDifferent(original);
});

test("a server that refuses says why, and one that is gone says so until it is back", async ({
  page,
  server,
}) => {
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
  await expect(page.getByRole("status", { name: "Model" })).toHaveText("Server not reached");
  await page.unroute("**/readyz");
  await expect(page.getByText("The server is back.").first()).toBeVisible();
});
