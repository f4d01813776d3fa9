import type { Size, View } from "../core/geometry";
import type { Stroke } from "../core/mask";

/** IOPaint's users know the mask by this colour; its translucency is the stylesheet's. */
const MASK_COLOR = "#ffcc00";
/** From this many device pixels a pixel on, the pixels themselves are what people want to see. */
const PIXELATED_FROM = 4;

/** Makes a canvas as sharp as the screen. */
export function resizeCanvas(canvas: HTMLCanvasElement, size: Size): void {
  canvas.width = Math.max(Math.round(size.width * devicePixelRatio), 1);
  canvas.height = Math.max(Math.round(size.height * devicePixelRatio), 1);
}

/** Draws a picture where the view puts it. */
export function drawPicture(canvas: HTMLCanvasElement, source: CanvasImageSource, view: View): void {
  const context = prepare(canvas, view);
  if (!context) return;
  context.imageSmoothingEnabled = view.scale * devicePixelRatio < PIXELATED_FROM;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0);
}

/** Draws strokes in their order, within the picture. */
export function drawStrokes(
  canvas: HTMLCanvasElement,
  strokes: readonly Stroke[],
  picture: Size,
  view: View,
): void {
  const context = prepare(canvas, view);
  if (!context) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, picture.width, picture.height);
  context.clip();
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = MASK_COLOR;
  for (const { mode, size, points } of strokes) {
    const [first] = points;
    if (!first) continue;
    context.globalCompositeOperation = mode === "paint" ? "source-over" : "destination-out";
    context.lineWidth = size;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const { x, y } of points) context.lineTo(x, y);
    context.stroke();
  }
  context.restore();
}

function prepare(canvas: HTMLCanvasElement, view: View): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.resetTransform();
  context.clearRect(0, 0, canvas.width, canvas.height);
  const ratio = devicePixelRatio;
  context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
  return context;
}
