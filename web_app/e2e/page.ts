import { expect, type JSHandle, type Locator, type Page } from "@playwright/test";
import {
  canvasPixels,
  changedBounds,
  coveredArea,
  settledPixels,
  type Bounds,
  type CanvasPixels,
} from "./canvas";

/** The pixels of a canvas, kept in the page. */
export type Shown = JSHandle<CanvasPixels>;

/** Frames that have to show the same pixels before a picture counts as settled. */
const SETTLED_FRAMES = 3;
/** The time for that on a busy machine. */
const SETTLED_MS = 20_000;

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The page as a person uses it. */
export class EditorPage {
  readonly picture: Locator;
  readonly undo: Locator;
  readonly redo: Locator;
  readonly run: Locator;
  readonly history: Locator;

  constructor(readonly page: Page) {
    this.picture = page.locator("canvas.picture");
    this.undo = this.button("Undo");
    this.redo = this.button("Redo");
    this.run = this.button("Run");
    this.history = page.getByRole("list", { name: "History" }).getByRole("button");
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** Opens one of the samples. */
  async openSample(server: string, name = "Cocktail by the sea"): Promise<void> {
    await this.page.goto(server);
    await this.button(name).click();
    await expect(this.picture).toBeVisible();
    await this.settled();
  }

  /** Opens a file. */
  async openFile(path: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await this.page.locator("input[data-purpose=picture]").setInputFiles(path);
  }

  /** Opens a picture of many colours, drawn in the page. */
  async openDrawn(width: number, height: number, type = "image/jpeg"): Promise<void> {
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
        files.items.add(new File([blob], "drawn.jpg", { type }));
        const input = document.querySelector<HTMLInputElement>("input[data-purpose=picture]");
        if (!input) throw new Error("no field for files");
        input.files = files.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      [width, height, type] as const,
    );
    await expect(this.page.getByText(`${width} × ${height}`)).toBeVisible({ timeout: 60_000 });
    await this.settled();
  }

  /** Drops a file on what has this text while it is dragged over the page. */
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

  /** How large the picture is shown, in percent. */
  async zoom(): Promise<number> {
    return Number.parseInt(await this.page.getByRole("button", { name: /^Zoom/ }).innerText());
  }

  /** What the page says of its work from now on, each only once in a row. */
  async progress(): Promise<() => Promise<string[]>> {
    const said = await this.page.evaluateHandle(() => {
      const status = document.querySelector("[role=status][aria-label=Progress]");
      if (!status) throw new Error("no status");
      const said: string[] = [];
      new MutationObserver(() => said.push(status.textContent)).observe(status, {
        characterData: true,
        childList: true,
        subtree: true,
      });
      return said;
    });
    return () => said.jsonValue();
  }

  async manualMode(): Promise<void> {
    await this.button("Manual mode").click();
    await expect(this.button("Manual mode")).toHaveAttribute("aria-pressed", "true");
  }

  /** Where the middle of the picture is on the screen, with an offset. */
  async spot(dx = 0, dy = 0): Promise<Spot> {
    const seen = await this.bounds();
    return {
      x: Math.round((seen.left + seen.right) / 2) + dx,
      y: Math.round((seen.top + seen.bottom) / 2) + dy,
    };
  }

  /** Where the picture is on the screen. */
  async bounds(): Promise<Bounds> {
    const empty = await this.page.evaluateHandle(() => null);
    return (await difference(await this.shown(), empty)) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** Drags from one spot to others. */
  async drag(from: Spot, ...to: Spot[]): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    for (const { x, y } of to) await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Draws a stroke over the middle. */
  async stroke(dy = 0): Promise<void> {
    await this.drag(await this.spot(-40, dy), await this.spot(40, dy));
  }

  /** Waits until a fill is done. */
  async filled(): Promise<void> {
    const progress = this.page.getByRole("status", { name: "Progress" });
    await expect(progress).toContainText("Done", { timeout: 90_000 });
  }

  /** How many pixels of the screen the mask covers. */
  async maskArea(): Promise<number> {
    return (await this.canvas("canvas.mask")).evaluate(coveredArea);
  }

  /** The mask's area once everything painted is part of it. */
  async settledMaskArea(): Promise<number> {
    return (await this.settledCanvas("canvas.mask")).evaluate(coveredArea);
  }

  /** How many pixels of the screen the mask covers in part. */
  async softMask(): Promise<number> {
    const shown = await this.canvas("canvas.mask");
    return shown.evaluate(
      ({ pixels }) => pixels.filter((pixel) => pixel >>> 24 > 20 && pixel >>> 24 < 235).length,
    );
  }

  /** Waits until the mask covers so many pixels of the screen, give or take a share of them. */
  async expectMask(area: number, share: number): Promise<void> {
    await expect(async () => {
      const seen = await this.maskArea();
      expect(Math.abs(seen / area - 1), `${seen} of ${area} pixels`).toBeLessThan(share);
    }).toPass({ timeout: 10_000 });
  }

  shown(): Promise<Shown> {
    return this.canvas("canvas.picture");
  }

  /** Waits until the picture is drawn and doesn't change any more. */
  settled(): Promise<Shown> {
    return this.settledCanvas("canvas.picture");
  }

  /** Waits until the picture looks as it did. */
  async expectPicture(before: Shown): Promise<void> {
    await expect.poll(async () => difference(before, await this.shown())).toBeNull();
  }

  /** Waits until the picture looks different from before, then until it is settled. */
  async expectDifferent(...before: Shown[]): Promise<Shown> {
    for (const each of before)
      await expect.poll(async () => difference(each, await this.shown())).not.toBeNull();
    const settled = await this.settled();
    for (const each of before) expect(await difference(each, settled)).not.toBeNull();
    return settled;
  }

  private canvas(selector: string): Promise<Shown> {
    return this.page.evaluateHandle(canvasPixels, selector);
  }

  private settledCanvas(selector: string): Promise<Shown> {
    const options = { selector, frames: SETTLED_FRAMES, deadlineMs: SETTLED_MS };
    return this.page.evaluateHandle(settledPixels, options);
  }
}

/** The rectangle in which two pictures differ, or in which one isn't empty; null where they don't. */
export function difference(a: Shown, b: Shown | JSHandle<null>): Promise<Bounds | null> {
  return a.evaluate(changedBounds, b);
}
