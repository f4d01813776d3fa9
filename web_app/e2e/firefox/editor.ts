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

const APPEAR_MS = 20_000;
const FILL_MS = 90_000;

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface DecodedFile {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly rgba: readonly number[];
}

type Shown = JSHandle<CanvasPixels>;

/** The page as a person uses it in Firefox. */
export class FirefoxEditor {
  /** Errors that the page threw. */
  readonly errors: string[] = [];
  /** Addresses that the page asked for. */
  readonly requested: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("request", (request) => this.requested.push(request.url()));
  }

  /**
   * Waits for an element with this accessible name and role. Puppeteer's locators evaluate strings in the
   * page, which its Content-Security-Policy forbids.
   */
  element(name: string, role: string): Promise<ElementHandle> {
    return vi.waitFor(
      async () => {
        const found = await this.page.$(`::-p-aria([name="${name}"][role="${role}"])`);
        if (!found) throw new Error(`no ${role} “${name}”`);
        return found;
      },
      { timeout: APPEAR_MS },
    );
  }

  async click(name: string, role = "button"): Promise<void> {
    const element = await this.element(name, role);
    await expect.poll(() => element.evaluate((it) => it.matches(":disabled"))).toBe(false);
    await element.click();
  }

  async text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent);
  }

  /** Presses a key while others are held: `press("Control", "s")`. */
  async press(...keys: KeyName[]): Promise<void> {
    const last = keys.pop();
    for (const key of keys) await this.page.keyboard.down(key);
    if (last) await this.page.keyboard.press(last);
    for (const key of keys.reverse()) await this.page.keyboard.up(key);
  }

  /** Chooses files in a hidden field and waits for the picture's name in the top line. */
  async openFile(path: string, name: string): Promise<void> {
    await this.choose("picture", path);
    await this.opened(name);
  }

  /** Chooses a file in one of the hidden fields. */
  async choose(purpose: "picture" | "mask", path: string): Promise<void> {
    const field = await this.page.waitForSelector(`input[data-purpose=${purpose}]`);
    await field?.uploadFile(path);
  }

  /** Waits until a picture of this name is shown and no dialog is left. */
  async opened(name: string): Promise<void> {
    await expect.poll(() => this.text("header")).toContain(name);
    await expect.poll(() => this.page.$("[role=dialog]")).toBeNull();
    await this.settled();
  }

  settled(selector = "canvas.picture"): Promise<Shown> {
    return this.page.evaluateHandle(settledPixels, { selector, frames: 3, deadlineMs: 20_000 });
  }

  /** The rectangle in which the picture looks different now; null if it looks the same. */
  async changed(before: Shown): Promise<Bounds | null> {
    return this.difference(before, await this.page.evaluateHandle(canvasPixels, "canvas.picture"));
  }

  difference(a: Shown, b: Shown): Promise<Bounds | null> {
    return this.page.evaluate(changedBounds, a, b);
  }

  async expectPicture(before: Shown): Promise<void> {
    await expect.poll(() => this.changed(before)).toBeNull();
  }

  async expectDifferent(before: Shown): Promise<Shown> {
    await expect.poll(() => this.changed(before)).not.toBeNull();
    return this.settled();
  }

  /** Waits until a fill is done. */
  async filled(): Promise<void> {
    await expect
      .poll(() => this.text("[role=status][aria-label=Progress]"), { timeout: FILL_MS })
      .toContain("Done");
  }

  /** Where the picture is on the screen. */
  async bounds(): Promise<Bounds> {
    const seen = await this.page.evaluate(changedBounds, await this.settled(), null);
    if (!seen) throw new Error("no picture is shown");
    return seen;
  }

  /** Where the middle of the picture is on the screen, with an offset. */
  async spot(dx = 0, dy = 0): Promise<Spot> {
    const { left, top, right, bottom } = await this.bounds();
    return { x: Math.round((left + right) / 2) + dx, y: Math.round((top + bottom) / 2) + dy };
  }

  async drag(from: Spot, ...to: Spot[]): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    for (const { x, y } of to) await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Waits until the mask covers so many pixels of the screen, give or take a share of them. */
  async expectMask(area: number, share: number): Promise<void> {
    const seen = async () => this.page.evaluate(coveredArea, await this.settled("canvas.mask"));
    if (area === 0) await expect.poll(seen).toBe(0);
    else await expect.poll(async () => Math.abs((await seen()) / area - 1)).toBeLessThan(share);
  }

  /** Decodes a file as the browser does. */
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
