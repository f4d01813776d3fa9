import { intersection } from "../../core/box";
import type { Layer } from "../../core/document";
import type { Box, Size } from "../../core/geometry";
import { levelSize, tileBox, topLevel, TILE } from "../../core/pyramid";
import { theDesk } from "../document/client";

/** Bitmaps that are kept; each has a megabyte at most. */
const MOST_KEPT = 128;
/** Tiles that are asked for at a time: few, so that what comes into sight doesn't wait for what left it. */
const MOST_ASKED = 4;

export interface TilePlace {
  readonly layer: Layer;
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

interface Tile {
  readonly place: TilePlace;
  bitmap: ImageBitmap | null;
  /** Whether what it shows is no more. */
  stale: boolean;
  asked: boolean;
  /** Counts how often it was asked for: only the last answer is the newest. */
  version: number;
  /** When it was last drawn. */
  used: number;
}

/** The pieces of picture and mask that were drawn lately; what isn't there is asked for. */
export class Tiles {
  private readonly tiles = new Map<string, Tile>();
  private clock = 0;
  private asked = 0;
  private closed = false;
  /** Tiles that were wanted by the last drawing, in its order. */
  private wanted: Tile[] = [];

  constructor(
    private readonly picture: Size,
    private readonly arrived: () => void,
  ) {}

  /** Begins a drawing: what an earlier one wanted and didn't get may not be in sight any more. */
  begin(): void {
    this.clock++;
    this.wanted = [];
  }

  /** A tile as far as it is there; asked for where it isn't, or isn't up to date. */
  get(place: TilePlace): ImageBitmap | null {
    const key = keyOf(place);
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = { place, bitmap: null, stale: true, asked: false, version: 0, used: 0 };
      this.tiles.set(key, tile);
    }
    tile.used = this.clock;
    if (tile.stale && !tile.asked) this.wanted.push(tile);
    return tile.bitmap;
  }

  /** Ends a drawing. */
  end(): void {
    this.ask();
    this.drop();
  }

  /** Whether the last drawing had all that it wanted. */
  get complete(): boolean {
    return this.wanted.length === 0 && this.asked === 0;
  }

  /** Takes tiles for outdated that show a rectangle of the picture. */
  invalidate(layer: Layer, box: Box): void {
    for (const [key, tile] of this.tiles) {
      const { layer: own, level, column, row } = tile.place;
      const place = tileBox(this.picture, level, column, row);
      if (own !== layer || !place || !intersection(onLevel(box, level), place)) continue;
      if (tile.used < this.clock) this.remove(key, tile);
      else tile.stale = true;
      // What is on its way may show the picture of before.
      tile.asked = false;
    }
  }

  /** Lets go of all bitmaps. */
  close(): void {
    this.closed = true;
    for (const [key, tile] of this.tiles) this.remove(key, tile);
  }

  private ask(): void {
    while (this.asked < MOST_ASKED) {
      const tile = this.wanted.shift();
      if (!tile) return;
      void this.fetch(tile);
    }
  }

  private async fetch(tile: Tile): Promise<void> {
    const { layer, level, column, row } = tile.place;
    this.asked++;
    tile.asked = true;
    tile.stale = false;
    const version = ++tile.version;
    const bitmap = await theDesk()
      .tile(layer, level, column, row)
      .catch(() => null);
    this.asked--;
    if (this.closed || this.tiles.get(keyOf(tile.place)) !== tile || tile.version !== version) {
      bitmap?.close();
    } else {
      tile.bitmap?.close();
      tile.bitmap = bitmap;
      tile.asked = false;
    }
    if (!this.closed) {
      this.ask();
      this.arrived();
    }
  }

  private drop(): void {
    if (this.tiles.size <= MOST_KEPT) return;
    const oldest = [...this.tiles].filter(([, tile]) => tile.used < this.clock);
    oldest.sort(([, a], [, b]) => a.used - b.used);
    for (const [key, tile] of oldest.slice(0, this.tiles.size - MOST_KEPT)) this.remove(key, tile);
  }

  private remove(key: string, tile: Tile): void {
    tile.bitmap?.close();
    tile.bitmap = null;
    this.tiles.delete(key);
  }
}

/** The place of the tile that shows a whole picture. */
export function coarsest(layer: Layer, picture: Size): TilePlace {
  return { layer, level: topLevel(picture), column: 0, row: 0 };
}

/** The tiles of a level that show a rectangle of the picture. */
export function* tilesOver(layer: Layer, picture: Size, level: number, box: Box): Generator<TilePlace> {
  const size = levelSize(picture, level);
  const on = intersection(onLevel(box, level), { x: 0, y: 0, ...size });
  if (!on) return;
  for (let row = Math.floor(on.y / TILE); row * TILE < on.y + on.height; row++) {
    for (let column = Math.floor(on.x / TILE); column * TILE < on.x + on.width; column++) {
      yield { layer, level, column, row };
    }
  }
}

function onLevel({ x, y, width, height }: Box, level: number): Box {
  const share = 2 ** level;
  const [left, top] = [Math.floor(x / share), Math.floor(y / share)];
  return {
    x: left,
    y: top,
    width: Math.ceil((x + width) / share) - left,
    height: Math.ceil((y + height) / share) - top,
  };
}

function keyOf({ layer, level, column, row }: TilePlace): string {
  return `${layer}/${level}/${column}/${row}`;
}
