import type { Layer } from "../../core/document";
import type { MaskEdit } from "../../core/edits";
import type { Box, Point, Size, View } from "../../core/geometry";
import { levelFor, tileBox } from "../../core/pyramid";
import { overviewTile, tilesCovering, type TileCache } from "./tiles";

/** Screen pixels per image pixel from which on pixels are drawn as squares. */
const PIXELATED_FROM = 4;
/** Side of a square of the checkerboard in CSS pixels. */
const CHECK_SIDE = 8;
/** Number of overlaid strokes that approximate a soft brush. */
const SOFT_STEPS = 8;

/** Transform from image to canvas pixels. */
export interface CanvasTransform {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Sets a canvas's resolution to the screen's. */
export function resizeCanvas(canvas: HTMLCanvasElement, size: Size): void {
  canvas.width = Math.max(Math.round(size.width * devicePixelRatio), 1);
  canvas.height = Math.max(Math.round(size.height * devicePixelRatio), 1);
}

/** Returns a view in canvas pixels, with whole offsets so that tiles meet without a seam. */
export function canvasTransform({ scale, x, y }: View): CanvasTransform {
  return {
    scale: scale * devicePixelRatio,
    x: Math.round(x * devicePixelRatio),
    y: Math.round(y * devicePixelRatio),
  };
}

export function clear({ context }: DrawTarget): void {
  context.resetTransform();
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = 1;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** A canvas and the transform of the image on it. */
export interface DrawTarget {
  readonly context: CanvasRenderingContext2D;
  readonly transform: CanvasTransform;
  readonly image: Size;
}

/** Draws the visible part of a layer. */
export function drawLayer(target: DrawTarget, tiles: TileCache, layer: Layer): void {
  const { context, transform, image } = target;
  const level = levelFor(transform.scale, image);
  context.imageSmoothingEnabled = transform.scale < PIXELATED_FROM;
  context.imageSmoothingQuality = "medium";
  const overview = overviewTile(layer, image);
  // The single tile of the coarsest level replaces tiles that aren't loaded.
  const fallback = tiles.get(overview);
  for (const tile of tilesCovering(layer, image, level, visibleBox(target))) {
    const box = tileBox(image, tile.level, tile.column, tile.row);
    if (!box) continue;
    const bitmap = tiles.get(tile);
    if (bitmap) drawTile(target, bitmap, { x: 0, y: 0, width: box.width, height: box.height }, box, level);
    else if (fallback) drawTile(target, fallback, scaledDown(box, overview.level - level), box, level);
  }
}

/** Draws a grey checkerboard over the image's rectangle. */
export function drawCheckerboard({ context, transform, image }: DrawTarget): void {
  const side = Math.round(CHECK_SIDE * devicePixelRatio);
  const tile = new OffscreenCanvas(2 * side, 2 * side).getContext("2d");
  if (!tile) return;
  tile.fillStyle = "#fff";
  tile.fillRect(0, 0, 2 * side, 2 * side);
  tile.fillStyle = "#d4d4d8";
  tile.fillRect(0, 0, side, side);
  tile.fillRect(side, side, side, side);
  const pattern = context.createPattern(tile.canvas, "repeat");
  if (!pattern) return;
  context.fillStyle = pattern;
  context.fillRect(transform.x, transform.y, image.width * transform.scale, image.height * transform.scale);
}

/** Draws a bitmap of a rectangle of the image. */
export function drawBitmap({ context, transform }: DrawTarget, bitmap: ImageBitmap, box: Box): void {
  context.imageSmoothingEnabled = transform.scale < PIXELATED_FROM;
  context.imageSmoothingQuality = "medium";
  const { scale } = transform;
  // Not rounded: the bitmap has to coincide with the tiles that replace it.
  context.drawImage(
    bitmap,
    transform.x + box.x * scale,
    transform.y + box.y * scale,
    box.width * scale,
    box.height * scale,
  );
}

/** Draws the effect of an edit on the mask in the current colour. */
export function drawEdit({ context, transform, image }: DrawTarget, edit: MaskEdit): void {
  if (!("mode" in edit)) return;
  context.save();
  context.setTransform(transform.scale, 0, 0, transform.scale, transform.x, transform.y);
  context.beginPath();
  context.rect(0, 0, image.width, image.height);
  context.clip();
  context.globalCompositeOperation = edit.mode === "add" ? "source-over" : "destination-out";
  switch (edit.kind) {
    case "stroke":
      strokePath(context, edit.stroke);
      break;
    case "polygon":
      tracePath(context, edit.points);
      context.fill();
      break;
    case "ellipse": {
      const { a, b } = edit;
      context.beginPath();
      context.ellipse(
        (a.x + b.x) / 2,
        (a.y + b.y) / 2,
        Math.abs(a.x - b.x) / 2,
        Math.abs(a.y - b.y) / 2,
        0,
        0,
        2 * Math.PI,
      );
      context.fill();
      break;
    }
  }
  context.restore();
}

/** Draws a thin line that is visible on any background. */
export function drawOutline({ context, transform }: DrawTarget, points: readonly Point[]): void {
  if (points.length === 0) return;
  context.save();
  context.setTransform(transform.scale, 0, 0, transform.scale, transform.x, transform.y);
  context.beginPath();
  points.forEach(({ x, y }, index) => {
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.resetTransform();
  context.lineJoin = "round";
  for (const [width, colour] of [
    [3, "rgb(0 0 0 / 70%)"],
    [1.25, "#fff"],
  ] as const) {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.restore();
}

function strokePath(
  context: CanvasRenderingContext2D,
  { points, size, hardness }: Extract<MaskEdit, { kind: "stroke" }>["stroke"],
): void {
  context.lineCap = context.lineJoin = "round";
  if (points.some(({ pressure = 1 }) => pressure !== 1)) {
    pressurePath(context, points, size);
    return;
  }
  tracePath(context, points);
  const [first] = points;
  // A path of one point has no length, hence no line caps.
  if (points.length === 1 && first) context.lineTo(first.x + 0.01, first.y);
  if (hardness >= 1) {
    context.lineWidth = size;
    context.stroke();
    return;
  }
  // The steps' opacities add up to a linear falloff.
  for (let step = 0; step < SOFT_STEPS; step++) {
    context.lineWidth = size * (1 - (1 - hardness) * ((step + 0.5) / SOFT_STEPS));
    context.globalAlpha = 1 / (SOFT_STEPS - step);
    context.stroke();
  }
}

function pressurePath(
  context: CanvasRenderingContext2D,
  points: readonly { x: number; y: number; pressure?: number }[],
  size: number,
): void {
  let from = points[0];
  for (const to of points) {
    if (!from) return;
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + 0.01, to.y);
    context.lineWidth = size * (((from.pressure ?? 1) + (to.pressure ?? 1)) / 2);
    context.stroke();
    from = to;
  }
}

function tracePath(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  points.forEach(({ x, y }, index) => {
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
}

/** Returns the rectangle of the image that the canvas shows. */
function visibleBox({ context, transform }: DrawTarget): Box {
  const { width, height } = context.canvas;
  const [x, y] = [Math.floor(-transform.x / transform.scale), Math.floor(-transform.y / transform.scale)];
  return {
    x,
    y,
    width: Math.ceil(width / transform.scale) + 1,
    height: Math.ceil(height / transform.scale) + 1,
  };
}

/**
 * Draws part of a tile, rounded to canvas pixels so that neighbours meet exactly. `box` is its position at
 * `level`.
 */
function drawTile(target: DrawTarget, bitmap: ImageBitmap, source: Box, box: Box, level: number): void {
  const { context, transform, image } = target;
  const scale = transform.scale * 2 ** level;
  // If the image's size isn't divisible, the last pixels of a coarser level extend beyond its edge.
  const right = Math.min((box.x + box.width) * scale, image.width * transform.scale);
  const bottom = Math.min((box.y + box.height) * scale, image.height * transform.scale);
  const [left, top] = [Math.round(box.x * scale), Math.round(box.y * scale)];
  context.drawImage(
    bitmap,
    source.x,
    source.y,
    source.width,
    source.height,
    transform.x + left,
    transform.y + top,
    Math.max(Math.round(right) - left, 1),
    Math.max(Math.round(bottom) - top, 1),
  );
}

function scaledDown({ x, y, width, height }: Box, levels: number): Box {
  const share = 2 ** levels;
  return { x: x / share, y: y / share, width: width / share, height: height / share };
}
