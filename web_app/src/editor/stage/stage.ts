import {
  fit,
  keepVisible,
  pan,
  pinch,
  toImage,
  zoom,
  type Insets,
  type Point,
  type Size,
  type View,
} from "../../core/geometry";
import type { PromptInput } from "../../core/prompt";
import { MASK_COLOURS } from "../../settings/maskColours";
import { useSettings } from "../../settings/store";
import { onChange } from "../changes";
import { applyDrawing, setDrawing } from "../commands/mask";
import { stepBrush } from "../commands/options";
import { select } from "../commands/select";
import { useEditor, type EditorState, type OpenImage, type StepKind } from "../store";
import { makeTool } from "../tools";
import type { Modifiers, Tool, ToolOptions, ToolResult } from "../tools/tool";
import { Cursor } from "./cursor";
import type { StageElements } from "./elements";
import { Gestures, type GestureTarget } from "./gestures";
import { KeyboardPointer, type KeyTarget } from "./keyboard";
import { MaskLayer } from "./maskLayer";
import { ImageLayer } from "./imageLayer";

/** Distance at which two clicks count as the same point, in CSS pixels. */
const TOLERANCE = 8;

/** Shows image and mask, and translates gestures into mask edits and view changes. */
export class Stage implements GestureTarget, KeyTarget {
  private size: Size = { width: 1, height: 1 };
  private tool: Tool | null = null;
  private insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private frame = 0;
  private readonly imageLayer: ImageLayer;
  private readonly maskLayer: MaskLayer;
  private readonly cursor: Cursor;
  private readonly abort = new AbortController();
  private readonly reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(
    private readonly elements: StageElements,
    private readonly image: OpenImage,
  ) {
    this.imageLayer = new ImageLayer(elements.image, image, this.redraw);
    this.maskLayer = new MaskLayer(elements.mask, image, this.redraw);
    this.cursor = new Cursor(elements);
    const observer = new ResizeObserver(() => {
      this.resize();
    });
    observer.observe(elements.root);
    new Gestures(elements.root, this, this.abort.signal);
    new KeyboardPointer(elements.root, this, this.abort.signal);
    const cleanups = [
      useEditor.subscribe((now, before) => {
        this.onStateChange(now, before);
      }),
      useSettings.subscribe(this.redraw),
      onChange((change) => {
        this.imageLayer.onChange(change);
        this.maskLayer.onChange(change);
        this.redraw();
      }),
      () => {
        observer.disconnect();
        cancelAnimationFrame(this.frame);
        this.imageLayer.dispose();
        this.maskLayer.dispose();
      },
    ];
    this.abort.signal.addEventListener("abort", () => {
      for (const cleanup of cleanups) cleanup();
    });
    this.switchTool();
    this.resize();
  }

  /** Shows the whole image. */
  fit(): void {
    useEditor.setState({ view: fit(this.image, this.size, this.insets), fitted: true });
  }

  /** Sets the widths of the stage's edges that toolbars cover. */
  setInsets(insets: Insets): void {
    this.insets = insets;
    if (useEditor.getState().fitted) this.fit();
  }

  /** Zooms about the middle of the stage. */
  zoomBy(factor: number): void {
    this.onZoom({ x: this.size.width / 2, y: this.size.height / 2 }, factor);
  }

  /** Zooms to a scale in CSS pixels per image pixel. */
  zoomTo(scale: number): void {
    this.zoomBy(scale / useEditor.getState().view.scale);
  }

  /** Completes the shape being drawn. */
  finish(): void {
    this.submit(this.tool?.finish() ?? null);
  }

  /** Removes the last point of the shape being drawn. */
  removeLastPoint(): void {
    this.tool?.removeLastPoint();
    this.updateDrawing();
  }

  /** Removes all listeners and releases the bitmaps. */
  dispose(): void {
    this.abort.abort();
  }

  canDraw(): boolean {
    const { tool, job, comparing } = useEditor.getState();
    const refinesSelection = tool === "select" && job?.task === "select";
    return this.tool !== null && (job === null || refinesSelection) && !comparing;
  }

  acceptsRightButton(): boolean {
    return useEditor.getState().tool === "select";
  }

  onPress(at: Point, modifiers: Modifiers): void {
    this.submit(this.tool?.down(this.toImagePoint(at), modifiers) ?? null);
  }

  onMove(points: readonly Point[], modifiers: Modifiers): void {
    this.tool?.move(
      points.map((point) => this.toImagePoint(point)),
      modifiers,
    );
    this.updateDrawing();
  }

  onRelease(modifiers: Modifiers): void {
    this.submit(this.tool?.up(modifiers) ?? null);
  }

  onCancel(): void {
    this.tool?.cancel();
    this.updateDrawing();
  }

  onPan(dx: number, dy: number): void {
    this.changeView((view) => pan(view, dx, dy));
  }

  onZoom(anchor: Point, factor: number): void {
    this.changeView((view) => zoom(view, anchor, factor, this.image));
  }

  onPinch(before: readonly [Point, Point], after: readonly [Point, Point]): void {
    this.changeView((view) => pinch(view, before, after, this.image));
  }

  onBrushResize(steps: number): void {
    stepBrush(steps);
  }

  onHover(at: Point | null, modifiers: Modifiers): void {
    this.cursor.move(at);
    if (!at || !useEditor.getState().drawing) return;
    this.tool?.hover(this.toImagePoint(at), modifiers);
    this.redraw();
  }

  onCursorMove(at: Point | null): void {
    this.cursor.move(at, "keyboard");
    if (at && this.isDrawing()) this.tool?.hover(this.toImagePoint(at), { shift: false, alt: false });
    this.redraw();
  }

  isDrawing(): boolean {
    return this.tool !== null && (this.tool.preview !== null || this.tool.outline.length > 0);
  }

  isPressHeld(): boolean {
    const { tool } = useEditor.getState();
    return tool !== "polygon" && tool !== "select";
  }

  handlesEnter(): boolean {
    return useEditor.getState().tool === "select" || this.isDrawing();
  }

  onHandCursor(hand: "open" | "closed" | null): void {
    this.cursor.setHand(hand);
  }

  private readonly redraw = (): void => {
    this.markDrawn(false);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawFrame();
    });
  };

  private drawFrame(): void {
    const { view, comparing, divider, job, hasTransparency } = useEditor.getState();
    const { maskColour, maskHatch, maskOpacity } = useSettings.getState();
    const shown = { comparing, divider, hasTransparency };
    const needsFrame = this.imageLayer.draw(view, shown, !this.reducedMotion.matches);
    this.elements.mask.style.opacity = String(maskOpacity);
    const showShimmer = job?.task === "fill" && !this.reducedMotion.matches && !comparing;
    if (comparing) {
      this.maskLayer.hide();
    } else {
      const style = { colour: MASK_COLOURS[maskColour], hatch: maskHatch };
      const jobAgeMs = showShimmer ? performance.now() - job.startedAt : null;
      this.maskLayer.draw(view, style, this.tool?.preview ?? null, this.tool?.outline ?? [], jobAgeMs);
    }
    this.cursor.placeDivider(view, this.image, divider);
    if (needsFrame || showShimmer) this.redraw();
    this.markDrawn(this.frame === 0 && this.imageLayer.complete && (comparing || this.maskLayer.complete));
  }

  /** Sets `data-drawn`: true if the canvases show the current state. The browser tests poll it. */
  private markDrawn(drawn: boolean): void {
    this.elements.root.dataset.drawn = String(drawn);
  }

  private changeView(change: (view: View) => View): void {
    const { view } = useEditor.getState();
    useEditor.setState({ view: keepVisible(change(view), this.image, this.size), fitted: false });
  }

  private toImagePoint<P extends Point>(screen: P): P {
    return { ...screen, ...toImage(useEditor.getState().view, screen) };
  }

  private submit(result: ToolResult | null): void {
    if (result && isPromptInput(result)) void select(result);
    else if (result) this.maskLayer.showPending(result, applyDrawing(result, this.stepKind()));
    this.updateDrawing();
  }

  private stepKind(): StepKind {
    const { tool } = useEditor.getState();
    return tool === "brush" || tool === "eraser" ? tool : "shape";
  }

  private updateDrawing(): void {
    const drawing = this.isDrawing();
    if (drawing !== useEditor.getState().drawing) setDrawing(drawing);
    this.redraw();
  }

  private readonly options = (): ToolOptions => {
    const { brush, hardness, mode, selectionShape, view } = useEditor.getState();
    const tolerance = TOLERANCE / view.scale;
    return { brush: brush / view.scale, hardness, mode, selectionShape, tolerance };
  };

  private switchTool(): void {
    this.tool?.cancel();
    this.tool = makeTool(useEditor.getState().tool, this.options);
    this.cursor.update();
    this.updateDrawing();
  }

  private resize(): void {
    const { root } = this.elements;
    this.size = { width: root.clientWidth, height: root.clientHeight };
    this.imageLayer.resize(this.size);
    this.maskLayer.resize(this.size);
    if (useEditor.getState().fitted) this.fit();
    // Resizing clears a canvas; drawing in the next frame would flicker.
    this.drawFrame();
  }

  private onStateChange(now: EditorState, before: EditorState): void {
    if (now.tool !== before.tool) this.switchTool();
    if (!now.drawing && before.drawing) this.cancelDrawing();
    if (now.brush !== before.brush || now.job !== before.job) this.cursor.update();
    if (now.job && !before.job) this.tool?.cancel();
    this.redraw();
  }

  /** Discards the shape after an action cleared `drawing`. */
  private cancelDrawing(): void {
    if (this.isDrawing()) this.tool?.cancel();
  }
}

function isPromptInput(result: ToolResult): result is PromptInput {
  return (
    result.kind === "click" || result.kind === "box" || result.kind === "lasso" || result.kind === "main"
  );
}

let current: Stage | null = null;

/** Returns the mounted stage; null without an image. */
export function currentStage(): Stage | null {
  return current;
}

/** Creates the stage; returns the function that removes it. */
export function mountStage(elements: StageElements, image: OpenImage): () => void {
  const stage = new Stage(elements, image);
  current = stage;
  return () => {
    stage.dispose();
    if (current === stage) current = null;
  };
}
