import { expect, type JSHandle, type Locator, type Page } from "@playwright/test";
import {
  canvasPixels,
  changedBounds,
  coveredArea,
  settledPixels,
  type Bounds,
  type CanvasPixels,
} from "./canvas";
import { FILL_MS, UI_MS } from "./deadlines";

/** A handle to canvas pixels in the page. */
export type PixelsHandle = JSHandle<CanvasPixels>;

/** Number of consecutive equal frames after which the canvas is considered settled. */
const SETTLED_FRAMES = 3;

export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Page object of the editor. */
export class EditorPage {
  readonly image: Locator;
  readonly undo: Locator;
  readonly redo: Locator;
  readonly run: Locator;
  readonly history: Locator;

  constructor(readonly page: Page) {
    this.image = page.locator("canvas.image");
    this.undo = this.button("Undo");
    this.redo = this.button("Redo");
    this.run = this.button("Run");
    this.history = page.getByRole("list", { name: "History" }).getByRole("button");
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** Loads the page and opens a sample image. */
  async openSample(server: string, name = "Cocktail by the sea"): Promise<void> {
    await this.page.goto(server);
    await this.button(name).click();
    await expect(this.image).toBeVisible();
    await this.settled();
  }

  /** Opens an image file. */
  async openFile(path: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await this.page.locator("input[data-purpose=image]").setInputFiles(path);
  }

  /** Opens a generated multicoloured image. */
  async openGenerated(width: number, height: number, type = "image/jpeg"): Promise<void> {
    await this.page.evaluate(
      async ([width, height, type]) => {
        const context = new OffscreenCanvas(width, height).getContext("2d");
        if (!context) throw new Error("no context");
        for (let index = 0; index < 400; index++) {
          context.fillStyle = `hsl(${(index * 47) % 360} 60% ${20 + (index % 60)}%)`;
          const [x, y] = [(index * 733) % width, (index * 457) % height];
          context.fillRect(x, y, width * 0.15, height * 0.175);
        }
        const blob = await context.canvas.convertToBlob({ type, quality: 0.9 });
        const files = new DataTransfer();
        files.items.add(new File([blob], "generated.jpg", { type }));
        const input = document.querySelector<HTMLInputElement>("input[data-purpose=image]");
        if (!input) throw new Error("no file input");
        input.files = files.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      [width, height, type] as const,
    );
    await expect(this.page.getByText(`${width} × ${height}`)).toBeVisible();
    await this.settled();
  }

  /** Drops a file on the drop zone with the given text. */
  async drop(file: { name: string; mimeType: string; buffer: Buffer }, target: string): Promise<void> {
    const data = await this.page.evaluateHandle(
      ({ name, mimeType, bytes }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], name, { type: mimeType }));
        return data;
      },
      { name: file.name, mimeType: file.mimeType, bytes: [...file.buffer] },
    );
    await this.page.dispatchEvent("body", "dragover", { dataTransfer: data });
    const zone = this.page.getByText(target, { exact: true });
    await zone.dispatchEvent("drop", { dataTransfer: data });
    await expect(zone).toBeHidden();
  }

  /** Returns the zoom level in percent. */
  async zoom(): Promise<number> {
    return Number.parseInt(await this.page.getByRole("button", { name: /^Zoom/ }).innerText());
  }

  /** Starts recording the progress messages. The returned function returns those recorded so far. */
  async recordProgress(): Promise<() => Promise<string[]>> {
    const messages = await this.page.evaluateHandle(() => {
      const status = document.querySelector("[role=status][aria-label=Progress]");
      if (!status) throw new Error("no status");
      const messages: string[] = [];
      new MutationObserver(() => messages.push(status.textContent)).observe(status, {
        characterData: true,
        childList: true,
        subtree: true,
      });
      return messages;
    });
    return () => messages.jsonValue();
  }

  /** Resolves as soon as a progress message starts with `prefix`. */
  untilProgress(prefix: string): Promise<void> {
    return this.page.evaluate(
      (prefix) =>
        new Promise<void>((resolve) => {
          const status = document.querySelector("[role=status][aria-label=Progress]");
          if (!status) throw new Error("no status");
          new MutationObserver((_, observer) => {
            if (!status.textContent.startsWith(prefix)) return;
            observer.disconnect();
            resolve();
          }).observe(status, { characterData: true, childList: true, subtree: true });
        }),
      prefix,
    );
  }

  async manualMode(): Promise<void> {
    await this.button("Manual mode").click();
    await expect(this.button("Manual mode")).toHaveAttribute("aria-pressed", "true");
  }

  /** Returns the screen position at an offset from the image's centre. */
  async fromCentre(dx = 0, dy = 0): Promise<Position> {
    const { left, top, right, bottom } = await this.bounds();
    return { x: Math.round((left + right) / 2) + dx, y: Math.round((top + bottom) / 2) + dy };
  }

  /** Returns the image's bounding box on the screen. */
  async bounds(): Promise<Bounds> {
    const empty = await this.page.evaluateHandle(() => null);
    return (await difference(await this.pixels(), empty)) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** Drags through the positions. */
  async drag(from: Position, ...to: Position[]): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    for (const { x, y } of to) await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Paints a horizontal stroke across the centre, `dy` pixels below it. */
  async stroke(dy = 0): Promise<void> {
    await this.drag(await this.fromCentre(-40, dy), await this.fromCentre(40, dy));
  }

  /** Waits until the fill completes. */
  async waitForFill(): Promise<void> {
    const progress = this.page.getByRole("status", { name: "Progress" });
    await expect(progress).toContainText("Done", { timeout: FILL_MS });
  }

  /** Returns the number of screen pixels that the mask covers. */
  async maskArea(): Promise<number> {
    return (await this.canvas("canvas.mask")).evaluate(coveredArea);
  }

  /** Returns the mask's area once all strokes are part of it. */
  async settledMaskArea(): Promise<number> {
    return (await this.settledCanvas("canvas.mask")).evaluate(coveredArea);
  }

  /** Returns the number of partially masked screen pixels. */
  async partialMaskArea(): Promise<number> {
    const pixels = await this.canvas("canvas.mask");
    return pixels.evaluate(
      ({ pixels }) => pixels.filter((pixel) => pixel >>> 24 > 20 && pixel >>> 24 < 235).length,
    );
  }

  /** Waits until the mask covers `area` screen pixels, within a relative tolerance. */
  async expectMask(area: number, tolerance: number): Promise<void> {
    await expect(async () => {
      const actual = await this.maskArea();
      expect(Math.abs(actual / area - 1), `${actual} of ${area} pixels`).toBeLessThan(tolerance);
    }).toPass({ timeout: UI_MS });
  }

  pixels(): Promise<PixelsHandle> {
    return this.canvas("canvas.image");
  }

  /** Waits until the image is drawn and stable. */
  settled(): Promise<PixelsHandle> {
    return this.settledCanvas("canvas.image");
  }

  /** Waits until the image equals an earlier state. */
  async expectImage(before: PixelsHandle): Promise<void> {
    await expect.poll(async () => difference(before, await this.pixels())).toBeNull();
  }

  /** Waits until the image differs from all earlier states, then until it is stable. */
  async expectDifferent(...before: PixelsHandle[]): Promise<PixelsHandle> {
    for (const each of before)
      await expect.poll(async () => difference(each, await this.pixels())).not.toBeNull();
    const settled = await this.settled();
    for (const each of before) expect(await difference(each, settled)).not.toBeNull();
    return settled;
  }

  private canvas(selector: string): Promise<PixelsHandle> {
    return this.page.evaluateHandle(canvasPixels, selector);
  }

  private settledCanvas(selector: string): Promise<PixelsHandle> {
    const options = { selector, frames: SETTLED_FRAMES, deadlineMs: UI_MS };
    return this.page.evaluateHandle(settledPixels, options);
  }
}

/** Returns the bounding box of the differences between two canvases; null if there are none. */
export function difference(a: PixelsHandle, b: PixelsHandle | JSHandle<null>): Promise<Bounds | null> {
  return a.evaluate(changedBounds, b);
}
