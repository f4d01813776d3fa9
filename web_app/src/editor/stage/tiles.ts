import { intersection } from "../../core/box";
import type { Layer } from "../../core/document";
import type { Box, Size } from "../../core/geometry";
import { levelSize, TILE_SIDE, tileBox, topLevel } from "../../core/pyramid";
import { documentWorker } from "../document/client";

/** Maximum number of cached tiles; a tile has at most 1 MiB of pixels. */
const MAX_TILES = 128;
/**
 * Maximum number of concurrent requests. Small, so that newly visible tiles don't queue behind hidden ones.
 */
const MAX_REQUESTS = 4;

export interface TilePosition {
  readonly layer: Layer;
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

interface Tile {
  readonly position: TilePosition;
  bitmap: ImageBitmap | null;
  /** True if the bitmap is outdated. */
  stale: boolean;
  requested: boolean;
  /** Number of requests so far; only the response to the last one is current. */
  version: number;
  /** Frame in which the tile was last drawn. */
  lastFrame: number;
}

/** An LRU cache of tiles; missing and outdated ones are requested from the worker. */
export class TileCache {
  private readonly tiles = new Map<string, Tile>();
  private frame = 0;
  private requested = 0;
  private closed = false;
  /** Tiles of the last frame that have to be requested, in drawing order. */
  private queue: Tile[] = [];

  constructor(
    private readonly image: Size,
    private readonly onLoad: () => void,
  ) {}

  /** Starts a frame; drops outstanding requests of earlier frames. */
  beginFrame(): void {
    this.frame++;
    this.queue = [];
  }

  /** Returns a tile's bitmap, possibly outdated, and queues a request if it is missing or outdated. */
  get(position: TilePosition): ImageBitmap | null {
    const key = keyOf(position);
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = { position, bitmap: null, stale: true, requested: false, version: 0, lastFrame: 0 };
      this.tiles.set(key, tile);
    }
    tile.lastFrame = this.frame;
    if (tile.stale && !tile.requested) this.queue.push(tile);
    return tile.bitmap;
  }

  /** Ends a frame: sends requests and evicts old tiles. */
  endFrame(): void {
    this.sendRequests();
    this.evict();
  }

  /** True if every tile of the last frame is loaded and current. */
  get complete(): boolean {
    return this.queue.length === 0 && this.requested === 0;
  }

  /** Marks the tiles that intersect a rectangle of the image as outdated. */
  invalidate(layer: Layer, box: Box): void {
    for (const [key, tile] of this.tiles) {
      const { layer: own, level, column, row } = tile.position;
      const position = tileBox(this.image, level, column, row);
      if (own !== layer || !position || !intersection(atLevel(box, level), position)) continue;
      if (tile.lastFrame < this.frame) this.remove(key, tile);
      else tile.stale = true;
      // A response in flight may contain the old pixels.
      tile.requested = false;
    }
  }

  /** Releases all bitmaps. */
  close(): void {
    this.closed = true;
    for (const [key, tile] of this.tiles) this.remove(key, tile);
  }

  private sendRequests(): void {
    while (this.requested < MAX_REQUESTS) {
      const tile = this.queue.shift();
      if (!tile) return;
      void this.fetch(tile);
    }
  }

  private async fetch(tile: Tile): Promise<void> {
    const { layer, level, column, row } = tile.position;
    this.requested++;
    tile.requested = true;
    tile.stale = false;
    const version = ++tile.version;
    const bitmap = await documentWorker()
      .tile(layer, level, column, row)
      .catch(() => null);
    this.requested--;
    if (this.closed || this.tiles.get(keyOf(tile.position)) !== tile || tile.version !== version) {
      bitmap?.close();
    } else {
      tile.bitmap?.close();
      tile.bitmap = bitmap;
      tile.requested = false;
    }
    if (!this.closed) {
      this.sendRequests();
      this.onLoad();
    }
  }

  private evict(): void {
    if (this.tiles.size <= MAX_TILES) return;
    const oldest = [...this.tiles].filter(([, tile]) => tile.lastFrame < this.frame);
    oldest.sort(([, a], [, b]) => a.lastFrame - b.lastFrame);
    for (const [key, tile] of oldest.slice(0, this.tiles.size - MAX_TILES)) this.remove(key, tile);
  }

  private remove(key: string, tile: Tile): void {
    tile.bitmap?.close();
    tile.bitmap = null;
    this.tiles.delete(key);
  }
}

/** Returns the position of the tile that contains the whole image. */
export function overviewTile(layer: Layer, image: Size): TilePosition {
  return { layer, level: topLevel(image), column: 0, row: 0 };
}

/** Yields the positions of the tiles that intersect a rectangle of the image. */
export function* tilesCovering(layer: Layer, image: Size, level: number, box: Box): Generator<TilePosition> {
  const size = levelSize(image, level);
  const visible = intersection(atLevel(box, level), { x: 0, y: 0, ...size });
  if (!visible) return;
  for (let row = Math.floor(visible.y / TILE_SIDE); row * TILE_SIDE < visible.y + visible.height; row++) {
    for (
      let column = Math.floor(visible.x / TILE_SIDE);
      column * TILE_SIDE < visible.x + visible.width;
      column++
    ) {
      yield { layer, level, column, row };
    }
  }
}

function atLevel({ x, y, width, height }: Box, level: number): Box {
  const factor = 2 ** level;
  const [left, top] = [Math.floor(x / factor), Math.floor(y / factor)];
  return {
    x: left,
    y: top,
    width: Math.ceil((x + width) / factor) - left,
    height: Math.ceil((y + height) / factor) - top,
  };
}

function keyOf({ layer, level, column, row }: TilePosition): string {
  return `${layer}/${level}/${column}/${row}`;
}
