import { expect, type JSHandle, type Locator, type Page } from "@playwright/test";

/** What a canvas showed, kept in the page: pixels as whole numbers, row by row. */
export type Shown = JSHandle<{ readonly width: number; readonly pixels: Uint32Array }>;

/** A rectangle, its right and bottom pixels included. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

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
    const shown = await this.canvas("canvas.mask");
    return shown.evaluate(({ pixels }) => pixels.reduce((area, pixel) => area + (pixel >>> 31), 0));
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

  /** Waits until what is drawn doesn't change any more. */
  async settled(): Promise<Shown> {
    let last = await this.shown();
    await expect
      .poll(async () => {
        const before = last;
        last = await this.shown();
        return difference(before, last);
      })
      .toBeNull();
    return last;
  }

  /** Waits until the picture looks as it did. */
  async expectPicture(before: Shown): Promise<void> {
    await expect.poll(async () => difference(before, await this.shown())).toBeNull();
  }

  async looksDifferent(before: Shown): Promise<boolean> {
    return (await difference(before, await this.shown())) !== null;
  }

  private async canvas(selector: string): Promise<Shown> {
    const canvas = this.page.locator(selector);
    return canvas.evaluateHandle((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext("2d");
      if (!context) throw new Error("no context");
      return { width, pixels: new Uint32Array(context.getImageData(0, 0, width, height).data.buffer) };
    });
  }
}

/** The rectangle in which two pictures differ, or in which one differs from nothing; null where they don't. */
export function difference(a: Shown, b: Shown | JSHandle<null>): Promise<Bounds | null> {
  return a.evaluate(({ width, pixels }, other) => {
    let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
    for (let at = 0; at < pixels.length; at++) {
      if (pixels[at] === (other ? other.pixels[at] : 0)) continue;
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
    }
    return right < 0 ? null : { left, top, right, bottom };
  }, b);
}
