/** A point in picture pixels or in screen coordinates (CSS pixels); the variable's name says which. */
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

/** Transform from picture to screen: screen = picture * scale + (x, y). */
export interface View extends Point {
  readonly scale: number;
}

/** Space around a fitted picture that floating toolbars cover, in CSS pixels. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

const MAX_SCALE = 32;
/** Minimum length of the picture's longer side on the screen, in CSS pixels. */
const MIN_SIDE = 32;
/** Part of the picture that stays visible while panning, in CSS pixels. */
const VISIBLE_MARGIN = 48;

export function toPicture(view: View, screen: Point): Point {
  return { x: (screen.x - view.x) / view.scale, y: (screen.y - view.y) / view.scale };
}

export function toScreen(view: View, picture: Point): Point {
  return { x: picture.x * view.scale + view.x, y: picture.y * view.scale + view.y };
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

/** Returns the view that shows the whole picture, centred between the insets and enlarged at most twice. */
export function fit(picture: Size, stage: Size, insets: Insets): View {
  const width = Math.max(stage.width - insets.left - insets.right, 1);
  const height = Math.max(stage.height - insets.top - insets.bottom, 1);
  const scale = Math.min(width / picture.width, height / picture.height, 2);
  return {
    scale,
    x: insets.left + (width - picture.width * scale) / 2,
    y: insets.top + (height - picture.height * scale) / 2,
  };
}

/** Zooms by a factor about `anchor` (screen coordinates), which keeps its picture position. */
export function zoom(view: View, anchor: Point, factor: number, picture: Size): View {
  const minScale = Math.min(MIN_SIDE / Math.max(picture.width, picture.height), 1);
  const scale = clamp(view.scale * factor, minScale, MAX_SCALE);
  const ratio = scale / view.scale;
  return { scale, x: anchor.x - (anchor.x - view.x) * ratio, y: anchor.y - (anchor.y - view.y) * ratio };
}

export function pan(view: View, dx: number, dy: number): View {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** Clamps a view so that part of the picture stays visible. */
export function keepVisible(view: View, picture: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: clamp(view.x, VISIBLE_MARGIN - picture.width * view.scale, stage.width - VISIBLE_MARGIN),
    y: clamp(view.y, VISIBLE_MARGIN - picture.height * view.scale, stage.height - VISIBLE_MARGIN),
  };
}

/**
 * Applies a two-finger gesture from `before` to `after` (screen coordinates): each finger keeps its picture
 * position.
 */
export function pinch(
  view: View,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
  picture: Size,
): View {
  const from = midpoint(...before);
  const to = midpoint(...after);
  const factor = distance(...after) / Math.max(distance(...before), 1);
  return pan(zoom(view, from, factor, picture), to.x - from.x, to.y - from.y);
}
