import type { Layer } from "../../core/document";
import type { MaskEdit } from "../../core/edits";
import type { Box, Point, Size, View } from "../../core/geometry";
import { levelFor, tileBox } from "../../core/pyramid";
import { coarsest, tilesOver, type Tiles } from "./tiles";

/** From this many pixels of the screen a pixel on, the pixels themselves are what people want to see. */
const PIXELATED_FROM = 4;
/** Strokes on top of each other that imitate a soft brush while it is drawn. */
const SOFT_STEPS = 8;

/** Where the picture lies on a canvas, in the canvas's own pixels. */
export interface Place {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Makes a canvas as sharp as the screen. */
export function resizeCanvas(canvas: HTMLCanvasElement, size: Size): void {
  canvas.width = Math.max(Math.round(size.width * devicePixelRatio), 1);
  canvas.height = Math.max(Math.round(size.height * devicePixelRatio), 1);
}

/** The view in the pixels of a canvas; whole ones, so that tiles meet without a seam. */
export function placeOf({ scale, x, y }: View): Place {
  return {
    scale: scale * devicePixelRatio,
    x: Math.round(x * devicePixelRatio),
    y: Math.round(y * devicePixelRatio),
  };
}

export function clear({ context }: Drawing): void {
  context.resetTransform();
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = 1;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** What is drawn on and where. */
export interface Drawing {
  readonly context: CanvasRenderingContext2D;
  readonly place: Place;
  readonly picture: Size;
}

/** Draws the part of a layer that is in sight. */
export function drawLayer(drawing: Drawing, tiles: Tiles, layer: Layer): void {
  const { context, place, picture } = drawing;
  const level = levelFor(place.scale, picture);
  context.imageSmoothingEnabled = place.scale < PIXELATED_FROM;
  context.imageSmoothingQuality = "medium";
  const whole = coarsest(layer, picture);
  // Always there, to stand in for what isn't yet.
  const standIn = tiles.get(whole);
  for (const tile of tilesOver(layer, picture, level, inSight(drawing))) {
    const box = tileBox(picture, tile.level, tile.column, tile.row);
    if (!box) continue;
    const bitmap = tiles.get(tile);
    if (bitmap) drawPiece(drawing, bitmap, { x: 0, y: 0, width: box.width, height: box.height }, box, level);
    else if (standIn) drawPiece(drawing, standIn, shrunk(box, whole.level - level), box, level);
  }
}

/** Draws a rectangle of the picture that is at hand as a bitmap. */
export function drawBitmap({ context, place }: Drawing, bitmap: ImageBitmap, box: Box): void {
  context.imageSmoothingEnabled = place.scale < PIXELATED_FROM;
  context.imageSmoothingQuality = "medium";
  const { scale } = place;
  // Not to whole pixels: what is drawn must lie exactly where the tiles below will show it.
  context.drawImage(
    bitmap,
    place.x + box.x * scale,
    place.y + box.y * scale,
    box.width * scale,
    box.height * scale,
  );
}

/** Draws what an edit would do to the mask, in the colour that is set. */
export function drawEdit({ context, place, picture }: Drawing, edit: MaskEdit): void {
  if (!("mode" in edit)) return;
  context.save();
  context.setTransform(place.scale, 0, 0, place.scale, place.x, place.y);
  context.beginPath();
  context.rect(0, 0, picture.width, picture.height);
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

/** Draws a thin line that can be seen on any ground. */
export function drawOutline({ context, place }: Drawing, points: readonly Point[]): void {
  if (points.length === 0) return;
  context.save();
  context.setTransform(place.scale, 0, 0, place.scale, place.x, place.y);
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
    pressedPath(context, points, size);
    return;
  }
  tracePath(context, points);
  const [first] = points;
  // A path of one point has no length and so no caps.
  if (points.length === 1 && first) context.lineTo(first.x + 0.01, first.y);
  if (hardness >= 1) {
    context.lineWidth = size;
    context.stroke();
    return;
  }
  // Each step lets the same share of what is below shine through less.
  for (let step = 0; step < SOFT_STEPS; step++) {
    context.lineWidth = size * (1 - (1 - hardness) * ((step + 0.5) / SOFT_STEPS));
    context.globalAlpha = 1 / (SOFT_STEPS - step);
    context.stroke();
  }
}

function pressedPath(
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

/** The rectangle of the picture that the canvas shows. */
function inSight({ context, place }: Drawing): Box {
  const { width, height } = context.canvas;
  const [x, y] = [Math.floor(-place.x / place.scale), Math.floor(-place.y / place.scale)];
  return {
    x,
    y,
    width: Math.ceil(width / place.scale) + 1,
    height: Math.ceil(height / place.scale) + 1,
  };
}

/** Draws a piece to whole pixels of the canvas: neighbours meet exactly. `box` is its place on a level. */
function drawPiece(drawing: Drawing, bitmap: ImageBitmap, source: Box, box: Box, level: number): void {
  const { context, place, picture } = drawing;
  const scale = place.scale * 2 ** level;
  // The last pixels of a smaller level stand for less than others where the picture doesn't divide evenly.
  const right = Math.min((box.x + box.width) * scale, picture.width * place.scale);
  const bottom = Math.min((box.y + box.height) * scale, picture.height * place.scale);
  const [left, top] = [Math.round(box.x * scale), Math.round(box.y * scale)];
  context.drawImage(
    bitmap,
    source.x,
    source.y,
    source.width,
    source.height,
    place.x + left,
    place.y + top,
    Math.max(Math.round(right) - left, 1),
    Math.max(Math.round(bottom) - top, 1),
  );
}

function shrunk({ x, y, width, height }: Box, levels: number): Box {
  const share = 2 ** levels;
  return { x: x / share, y: y / share, width: width / share, height: height / share };
}
