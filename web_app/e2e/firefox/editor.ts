import type { ElementHandle, JSHandle, Page } from "puppeteer-core";
import { expect, vi } from "vitest";
import {
  canvasPixels,
  changedBounds,
  coveredArea,
  settledPixels,
  type Bounds,
  type CanvasPixels,
} from "../canvas";
import { FILL_MS, UI_MS } from "../deadlines";

export interface Position {
  readonly x: number;
  readonly y: number;
}

export interface DecodedFile {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly rgba: readonly number[];
}

type PixelsHandle = JSHandle<CanvasPixels>;

/** Page object of the editor in Firefox. */
export class FirefoxEditor {
  /** Uncaught errors of the page. */
  readonly errors: string[] = [];
  /** URLs requested by the page. */
  readonly requested: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("request", (request) => this.requested.push(request.url()));
  }

  /**
   * Waits for an element with an accessible name and role. Puppeteer's locators evaluate strings in the page,
   * which its Content-Security-Policy forbids.
   */
  element(name: string, role: string): Promise<ElementHandle> {
    return vi.waitFor(
      async () => {
        const found = await this.page.$(`::-p-aria([name="${name}"][role="${role}"])`);
        if (!found) throw new Error(`no ${role} “${name}”`);
        return found;
      },
      { timeout: UI_MS },
    );
  }

  async click(name: string, role = "button"): Promise<void> {
    const element = await this.element(name, role);
    await expect.poll(() => element.evaluate((node) => node.matches(":disabled"))).toBe(false);
    await element.click();
  }

  async text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent);
  }

  /** Presses the last key while the others are held: `press("Control", "s")`. */
  async press(...keys: KeyName[]): Promise<void> {
    const last = keys.pop();
    for (const key of keys) await this.page.keyboard.down(key);
    if (last) await this.page.keyboard.press(last);
    for (const key of keys.reverse()) await this.page.keyboard.up(key);
  }

  /** Opens an image file and waits until it is shown. */
  async openFile(path: string, name: string): Promise<void> {
    await this.choose("image", path);
    await this.opened(name);
  }

  /** Sets the file of a hidden file input. */
  async choose(purpose: "image" | "mask", path: string): Promise<void> {
    const input = await this.page.waitForSelector(`input[data-purpose=${purpose}]`);
    await input?.uploadFile(path);
  }

  /** Waits until the named image is shown and all dialogs are closed. */
  async opened(name: string): Promise<void> {
    await expect.poll(() => this.text("header")).toContain(name);
    await expect.poll(() => this.page.$("[role=dialog]")).toBeNull();
    await this.settled();
  }

  settled(selector = "canvas.image"): Promise<PixelsHandle> {
    return this.page.evaluateHandle(settledPixels, { selector, frames: 3, deadlineMs: UI_MS });
  }

  /** Returns the bounding box of the changes to the image; null if there are none. */
  async changed(before: PixelsHandle): Promise<Bounds | null> {
    return this.difference(before, await this.page.evaluateHandle(canvasPixels, "canvas.image"));
  }

  difference(a: PixelsHandle, b: PixelsHandle): Promise<Bounds | null> {
    return this.page.evaluate(changedBounds, a, b);
  }

  async expectImage(before: PixelsHandle): Promise<void> {
    await expect.poll(() => this.changed(before)).toBeNull();
  }

  async expectDifferent(before: PixelsHandle): Promise<PixelsHandle> {
    await expect.poll(() => this.changed(before)).not.toBeNull();
    return this.settled();
  }

  /** Waits until the fill completes. */
  async waitForFill(): Promise<void> {
    await expect
      .poll(() => this.text("[role=status][aria-label=Progress]"), { timeout: FILL_MS })
      .toContain("Done");
  }

  /** Returns the image's bounding box on the screen. */
  async bounds(): Promise<Bounds> {
    const bounds = await this.page.evaluate(changedBounds, await this.settled(), null);
    if (!bounds) throw new Error("no image is shown");
    return bounds;
  }

  /** Returns the screen position at an offset from the image's centre. */
  async fromCentre(dx = 0, dy = 0): Promise<Position> {
    const { left, top, right, bottom } = await this.bounds();
    return { x: Math.round((left + right) / 2) + dx, y: Math.round((top + bottom) / 2) + dy };
  }

  async drag(from: Position, ...to: Position[]): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    for (const { x, y } of to) await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Waits until the mask covers `area` screen pixels, within a relative tolerance. */
  async expectMask(area: number, tolerance: number): Promise<void> {
    const covered = async () => this.page.evaluate(coveredArea, await this.settled("canvas.mask"));
    if (area === 0) await expect.poll(covered).toBe(0);
    else await expect.poll(async () => Math.abs((await covered()) / area - 1)).toBeLessThan(tolerance);
  }

  /** Decodes an image file with the browser's decoder. */
  decode(file: Buffer): Promise<DecodedFile> {
    return this.page.evaluate(
      async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
        const { width, height } = bitmap;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        if (!context) throw new Error("no context");
        context.drawImage(bitmap, 0, 0);
        return { width, height, rgba: [...context.getImageData(0, 0, width, height).data] };
      },
      [...file],
    );
  }
}

type KeyName = Parameters<Page["keyboard"]["press"]>[0];
