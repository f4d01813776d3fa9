/** A point in image pixels or in screen coordinates (CSS pixels); the variable's name says which. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of whole pixels; `x` and `y` are its top left corner. */
export interface Box extends Point, Size {}

/** Transform from image to screen: screen = image * scale + (x, y). */
export interface View extends Point {
  readonly scale: number;
}

/** Space around a fitted image that floating toolbars cover, in CSS pixels. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

const MAX_SCALE = 32;
/** Minimum length of the image's longer side on the screen, in CSS pixels. */
const MIN_SIDE = 32;
/** Part of the image that stays visible while panning, in CSS pixels. */
const VISIBLE_MARGIN = 48;

export function toImage(view: View, screen: Point): Point {
  return { x: (screen.x - view.x) / view.scale, y: (screen.y - view.y) / view.scale };
}

export function toScreen(view: View, image: Point): Point {
  return { x: image.x * view.scale + view.x, y: image.y * view.scale + view.y };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function midpoint(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** Returns the view that shows the whole image, centred between the insets and enlarged at most twice. */
export function fit(image: Size, stage: Size, insets: Insets): View {
  const width = Math.max(stage.width - insets.left - insets.right, 1);
  const height = Math.max(stage.height - insets.top - insets.bottom, 1);
  const scale = Math.min(width / image.width, height / image.height, 2);
  return {
    scale,
    x: insets.left + (width - image.width * scale) / 2,
    y: insets.top + (height - image.height * scale) / 2,
  };
}

/** Zooms by a factor about `anchor` (screen coordinates), which keeps its image position. */
export function zoom(view: View, anchor: Point, factor: number, image: Size): View {
  const minScale = Math.min(MIN_SIDE / Math.max(image.width, image.height), 1);
  const scale = clamp(view.scale * factor, minScale, MAX_SCALE);
  const ratio = scale / view.scale;
  return { scale, x: anchor.x - (anchor.x - view.x) * ratio, y: anchor.y - (anchor.y - view.y) * ratio };
}

export function pan(view: View, dx: number, dy: number): View {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** Clamps a view so that part of the image stays visible. */
export function keepVisible(view: View, image: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: clamp(view.x, VISIBLE_MARGIN - image.width * view.scale, stage.width - VISIBLE_MARGIN),
    y: clamp(view.y, VISIBLE_MARGIN - image.height * view.scale, stage.height - VISIBLE_MARGIN),
  };
}

/**
 * Applies a two-finger gesture from `before` to `after` (screen coordinates): each finger keeps its image
 * position.
 */
export function pinch(
  view: View,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
  image: Size,
): View {
  const from = midpoint(...before);
  const to = midpoint(...after);
  const factor = distance(...after) / Math.max(distance(...before), 1);
  return pan(zoom(view, from, factor, image), to.x - from.x, to.y - from.y);
}
