import { inflateSync } from "node:zlib";
import type { Box, Size } from "../../core/geometry";
import type { Pixels } from "../../core/pyramid";
import { DEFAULTS } from "../../settings/settings";
import { useSettings } from "../../settings/store";
import { enqueue } from "../commands/queue";
import { open } from "../commands/session";
import { setNotifier, type Notice } from "../notifications";
import { mountStage } from "../stage/stage";
import { useEditor, type StepKind } from "../store";
import { documentWorker, resetDocumentWorker } from "./client";
import { imageFile, solid } from "./codec";
import { Pointer } from "./input";
import { resetServer } from "./server";

/** Size of the stage and of the default image; at scale 1 they share their coordinates. */
export const SIZE: Size = { width: 200, height: 150 };

/** Messages shown since {@link resetEditor}. */
export let notices: Notice[] = [];

let root: HTMLElement | null = null;
let unmount: (() => void) | null = null;

/** Resets all state, with manual mode on: drawing doesn't start a fill. */
export function resetEditor(): void {
  unmount?.();
  root?.remove();
  root = unmount = null;
  resetDocumentWorker();
  resetServer();
  notices = [];
  setNotifier((notice) => notices.push(notice));
  useEditor.setState(useEditor.getInitialState(), true);
  useSettings.setState({ ...DEFAULTS, manual: true }, true);
}

/** Opens a grey image without a stage. */
export async function openImage(pixels: Pixels = solid(SIZE, [100, 100, 100, 255])): Promise<void> {
  await open(imageFile("photo.png", pixels));
}

/** Opens an image and mounts the stage at scale 1, so that stage and image coordinates are equal. */
export async function openOnStage(pixels?: Pixels): Promise<HTMLElement> {
  await openImage(pixels);
  const { image } = useEditor.getState();
  if (!image) throw new Error("no image is open");
  root = document.body.appendChild(document.createElement("main"));
  root.className = "stage";
  root.tabIndex = 0;
  Object.defineProperties(root, {
    clientWidth: { value: SIZE.width },
    clientHeight: { value: SIZE.height },
    setPointerCapture: { value: () => undefined },
  });
  const add = <K extends "canvas" | "div">(name: K) => stage().appendChild(document.createElement(name));
  unmount = mountStage(
    { root, image: add("canvas"), mask: add("canvas"), ring: add("div"), divider: add("div") },
    image,
  );
  useEditor.setState({ view: { scale: 1, x: 0, y: 0 } });
  return root;
}

/** Returns the mounted stage's element. */
export function stage(): HTMLElement {
  if (!root) throw new Error("no stage is mounted");
  return root;
}

/** The mouse over the stage. */
export const mouse = new Pointer(stage);

/** Waits for all queued commands. */
export function settled(): Promise<void> {
  return enqueue(() => Promise.resolve());
}

/** Returns the bounding box of the hole after all queued commands; null without a hole. */
export async function hole(): Promise<Box | null> {
  await settled();
  return useEditor.getState().hole;
}

/** Returns the kinds of the steps that can be undone, the oldest first. */
export function kinds(): StepKind[] {
  return useEditor.getState().history.past.map(({ kind }) => kind);
}

/** Returns the mask after all queued commands, one byte per pixel. */
export async function maskPixels(): Promise<Uint8Array> {
  const png = await enqueue(() => documentWorker().exportMask());
  return grayPixels(png);
}

/** Decodes a greyscale PNG written without filters, as `encodePng` writes masks. */
export async function grayPixels(png: Blob): Promise<Uint8Array> {
  const bytes = Buffer.from(await png.arrayBuffer());
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const at = bytes.indexOf("IDAT");
  const rows = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    pixels.set(rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1)), row * width);
  }
  return pixels;
}

/** Returns a plugin's mask of a square of 20 pixels, which is transparent elsewhere. */
export function squareMask(corner: number): File {
  const pixels = solid(SIZE, [0, 0, 0, 0]);
  for (let y = corner; y < corner + 20; y++)
    for (let x = corner; x < corner + 20; x++) pixels.data.set([255, 203, 0, 186], (y * SIZE.width + x) * 4);
  return imageFile("mask.png", pixels);
}

/** Returns the mask value at a position of the default image. */
export async function maskAt(x: number, y: number): Promise<number> {
  return (await maskPixels())[y * SIZE.width + x] ?? 0;
}

/** Returns the number of fully covered pixels. */
export async function maskArea(): Promise<number> {
  return (await maskPixels()).filter((value) => value === 255).length;
}
