/** A point, in the pixels of the picture or of the screen (CSS pixels), as the name of the variable says. */
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

/** How the picture lies on the screen: screen = picture * scale + (x, y). */
export interface View extends Point {
  readonly scale: number;
}

/** Room kept free around a fitted picture, in CSS pixels: the floating bars live there. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

const LARGEST_SCALE = 32;
/** A picture can be made no smaller than this many CSS pixels on its longer side. */
const SMALLEST_SIDE = 32;
/** This much of the picture stays in sight while panning, in CSS pixels. */
const KEPT_IN_SIGHT = 48;

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

export function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** The whole picture, centred in what the insets leave; small pictures are shown at no more than twice their size. */
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

/** Zooms by a factor; what lies under `anchor` (screen) stays under it. */
export function zoom(view: View, anchor: Point, factor: number, picture: Size): View {
  const smallest = Math.min(SMALLEST_SIDE / Math.max(picture.width, picture.height), 1);
  const scale = clamp(view.scale * factor, smallest, LARGEST_SCALE);
  const real = scale / view.scale;
  return { scale, x: anchor.x - (anchor.x - view.x) * real, y: anchor.y - (anchor.y - view.y) * real };
}

export function pan(view: View, dx: number, dy: number): View {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** Moves a view back so that some of the picture stays in sight. */
export function keepInSight(view: View, picture: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: clamp(view.x, KEPT_IN_SIGHT - picture.width * view.scale, stage.width - KEPT_IN_SIGHT),
    y: clamp(view.y, KEPT_IN_SIGHT - picture.height * view.scale, stage.height - KEPT_IN_SIGHT),
  };
}

/** Two fingers that moved from `before` to `after` (screen): both stay on the spot of the picture they touched. */
export function pinch(
  view: View,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
  picture: Size,
): View {
  const from = middle(...before);
  const to = middle(...after);
  const factor = distance(...after) / Math.max(distance(...before), 1);
  return pan(zoom(view, from, factor, picture), to.x - from.x, to.y - from.y);
}
