import {
  fit,
  keepInSight,
  pan,
  pinch,
  toPicture,
  zoom,
  type Insets,
  type Point,
  type Size,
  type View,
} from "../../core/geometry";
import type { MaskEdit } from "../../core/edits";
import { MASK_INKS } from "../../settings/inks";
import { useSettings } from "../../settings/store";
import { onChange } from "../changes";
import { draw, setDrawing } from "../commands/mask";
import { selectAt } from "../commands/plugin";
import { stepBrush } from "../commands/options";
import { useEditor, type EditorState, type Picture, type StepKind } from "../store";
import { makeTool } from "../tools";
import type { Held, Tool, ToolOptions } from "../tools/tool";
import { Cursor } from "./cursor";
import { Gestures, type GestureTarget } from "./gestures";
import { KeyboardPointer, type KeyTarget } from "./keyboard";
import { MaskLayer } from "./maskLayer";
import { PictureLayer } from "./pictureLayer";

/** The parts of the page that the stage draws on. */
export interface StageElements {
  readonly root: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly mask: HTMLCanvasElement;
  /** A ring that shows the brush under the cursor. */
  readonly ring: HTMLElement;
  /** The line between original and result. */
  readonly divider: HTMLElement;
}

/** How near two clicks are to be one, in CSS pixels. */
const TOLERANCE = 8;

/** Shows a picture and its mask, and turns gestures into edits and views. */
export class Stage implements GestureTarget, KeyTarget {
  private size: Size = { width: 1, height: 1 };
  private tool: Tool | null = null;
  /** Whether the view is still the fitted one, which follows the window's size. */
  private fitted = true;
  private insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private frame = 0;
  private readonly layer: PictureLayer;
  private readonly mask: MaskLayer;
  private readonly cursor: Cursor;
  private readonly stop = new AbortController();
  private readonly calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(
    private readonly elements: StageElements,
    private readonly picture: Picture,
  ) {
    this.layer = new PictureLayer(elements.picture, picture, this.redraw);
    this.mask = new MaskLayer(elements.mask, picture, this.redraw);
    this.cursor = new Cursor(elements);
    const observer = new ResizeObserver(() => {
      this.resize();
    });
    observer.observe(elements.root);
    new Gestures(elements.root, this, this.stop.signal);
    new KeyboardPointer(elements.root, this, this.stop.signal);
    const ends = [
      useEditor.subscribe((now, before) => {
        this.follow(now, before);
      }),
      useSettings.subscribe(this.redraw),
      onChange((change) => {
        this.layer.change(change);
        this.mask.change(change);
        this.redraw();
      }),
      () => {
        observer.disconnect();
        cancelAnimationFrame(this.frame);
        this.layer.dispose();
        this.mask.dispose();
      },
    ];
    this.stop.signal.addEventListener("abort", () => {
      for (const end of ends) end();
    });
    this.takeTool();
    this.resize();
  }

  /** Shows the whole picture. */
  fit(): void {
    this.fitted = true;
    useEditor.setState({ view: fit(this.picture, this.size, this.insets) });
  }

  /** Tells how much of the stage's edges lies under bars and panels. */
  keepFree(insets: Insets): void {
    this.insets = insets;
    if (this.fitted) this.fit();
  }

  /** Zooms about the middle of the stage. */
  zoomBy(factor: number): void {
    this.zoomed({ x: this.size.width / 2, y: this.size.height / 2 }, factor);
  }

  /** Shows the picture at this many CSS pixels a pixel. */
  zoomTo(scale: number): void {
    this.zoomBy(scale / useEditor.getState().view.scale);
  }

  /** Finishes what the tool has drawn. */
  accept(): void {
    this.take(this.tool?.accept() ?? null);
  }

  /** Takes the last point of what the tool draws away. */
  back(): void {
    this.tool?.back();
    this.drawn();
  }

  /** Lets go of everything the stage listens to. */
  dispose(): void {
    this.stop.abort();
  }

  canDraw(): boolean {
    const { job, comparing } = useEditor.getState();
    return this.tool !== null && job === null && !comparing;
  }

  takesRightButton(): boolean {
    return useEditor.getState().tool === "select";
  }

  pressed(at: Point, held: Held): void {
    const result = this.tool?.down(this.onPicture(at), held) ?? null;
    if (result?.kind === "click") void selectAt(result);
    else this.take(result);
  }

  moved(points: readonly Point[], held: Held): void {
    this.tool?.move(
      points.map((point) => this.onPicture(point)),
      held,
    );
    this.drawn();
  }

  released(held: Held): void {
    this.take(this.tool?.up(held) ?? null);
  }

  dropped(): void {
    this.tool?.cancel();
    this.drawn();
  }

  panned(dx: number, dy: number): void {
    this.look((view) => pan(view, dx, dy));
  }

  zoomed(anchor: Point, factor: number): void {
    this.look((view) => zoom(view, anchor, factor, this.picture));
  }

  pinched(before: readonly [Point, Point], after: readonly [Point, Point]): void {
    this.look((view) => pinch(view, before, after, this.picture));
  }

  resized(steps: number): void {
    stepBrush(steps);
  }

  hovered(at: Point | null, held: Held): void {
    this.cursor.move(at);
    if (!at || !useEditor.getState().drawing) return;
    this.tool?.hover(this.onPicture(at), held);
    this.redraw();
  }

  pointedAt(at: Point | null): void {
    this.cursor.move(at, "keys");
    if (at && this.isDrawing()) this.tool?.hover(this.onPicture(at), { shift: false, alt: false });
    this.redraw();
  }

  isDrawing(): boolean {
    return this.tool !== null && (this.tool.preview !== null || this.tool.outline.length > 0);
  }

  isHeld(): boolean {
    const { tool } = useEditor.getState();
    return tool !== "polygon" && tool !== "select";
  }

  hand(shown: "open" | "closed" | null): void {
    this.cursor.hand(shown);
  }

  private readonly redraw = (): void => {
    this.markDrawn(false);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawFrame();
    });
  };

  private drawFrame(): void {
    const { view, comparing, divider, job } = useEditor.getState();
    const { maskColour, maskHatch, maskOpacity } = useSettings.getState();
    const goesOn = this.layer.draw(view, { comparing, divider }, !this.calm.matches);
    this.elements.mask.style.opacity = String(maskOpacity);
    const shimmers = job !== null && !this.calm.matches && !comparing;
    if (comparing) {
      this.mask.hide();
    } else {
      const style = { colour: MASK_INKS[maskColour], hatch: maskHatch };
      const age = shimmers ? performance.now() - job.since : null;
      this.mask.draw(view, style, this.tool?.preview ?? null, this.tool?.outline ?? [], age);
    }
    this.cursor.placeDivider(view, this.picture, divider);
    if (goesOn || shimmers) this.redraw();
    this.markDrawn(this.frame === 0 && this.layer.complete && (comparing || this.mask.complete));
  }

  /** Sets `data-drawn` to whether the canvases show the current state. The browser tests wait for it. */
  private markDrawn(drawn: boolean): void {
    this.elements.root.dataset.drawn = String(drawn);
  }

  private look(change: (view: View) => View): void {
    this.fitted = false;
    const { view } = useEditor.getState();
    useEditor.setState({ view: keepInSight(change(view), this.picture, this.size) });
  }

  private onPicture<P extends Point>(screen: P): P {
    return { ...screen, ...toPicture(useEditor.getState().view, screen) };
  }

  private take(edit: MaskEdit | null): void {
    if (edit) this.mask.expect(edit, draw(edit, this.kind()));
    this.drawn();
  }

  private kind(): StepKind {
    const { tool } = useEditor.getState();
    return tool === "brush" || tool === "eraser" ? tool : "shape";
  }

  private drawn(): void {
    const drawing = this.isDrawing();
    if (drawing !== useEditor.getState().drawing) setDrawing(drawing);
    this.redraw();
  }

  private readonly options = (): ToolOptions => {
    const { brush, hardness, mode, view } = useEditor.getState();
    return { brush: brush / view.scale, hardness, mode, tolerance: TOLERANCE / view.scale };
  };

  private takeTool(): void {
    this.tool?.cancel();
    this.tool = makeTool(useEditor.getState().tool, this.options);
    this.cursor.update();
    this.drawn();
  }

  private resize(): void {
    const { root } = this.elements;
    this.size = { width: root.clientWidth, height: root.clientHeight };
    this.layer.resize(this.size);
    this.mask.resize(this.size);
    if (this.fitted) this.fit();
    // A canvas that was resized is empty: what is drawn only with the next frame would flicker.
    this.drawFrame();
  }

  private follow(now: EditorState, before: EditorState): void {
    if (now.tool !== before.tool) this.takeTool();
    if (!now.drawing && before.drawing) this.dropIfDrawing();
    if (now.brush !== before.brush || now.job !== before.job) this.cursor.update();
    if (now.job && !before.job) this.tool?.cancel();
    this.redraw();
  }

  /** Escape says through the store that nothing is drawn any more. */
  private dropIfDrawing(): void {
    if (this.isDrawing()) this.tool?.cancel();
  }
}

let current: Stage | null = null;

/** The stage on the page, where a picture is open. */
export function currentStage(): Stage | null {
  return current;
}

/** Puts a stage on the page; the answer takes it away. */
export function mountStage(elements: StageElements, picture: Picture): () => void {
  const stage = new Stage(elements, picture);
  current = stage;
  return () => {
    stage.dispose();
    if (current === stage) current = null;
  };
}
