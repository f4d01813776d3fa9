import type { components } from "../api/schema";
import { exportType, type ExportType } from "../core/exportFile";

/** A strategy of the server's API for large images. */
export type Strategy = components["schemas"]["HdStrategyName"];
export const STRATEGIES = ["Auto", "Crop", "Resize", "Original"] as const satisfies readonly Strategy[];

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Names of the selectable mask colours. */
export const MASK_COLOUR_NAMES = ["yellow", "magenta"] as const;
export type MaskColour = (typeof MASK_COLOUR_NAMES)[number];

/** Output formats; `same` is the format of the opened file. */
export const SAVE_FORMATS = ["same", "png", "jpeg", "webp"] as const;
export type SaveFormat = (typeof SAVE_FORMATS)[number];

export const CV2_FLAGS = ["INPAINT_NS", "INPAINT_TELEA"] as const;
export type Cv2Flag = (typeof CV2_FLAGS)[number];

/** User settings, stored in this browser. */
export interface Settings {
  readonly language: "auto" | "en" | "zh-CN";
  readonly theme: Theme;
  /** Manual mode: strokes extend the mask, and an explicit run fills it. */
  readonly manual: boolean;
  /** Pixels by which the server grows the mask of a fill. */
  readonly maskGrowth: number;
  /** Width of the gradual transition inside the mask, in pixels. */
  readonly maskFeather: number;
  /** Extends the mask of a fill over strokes that it mostly covers. */
  readonly coverStrokes: boolean;
  /** Downloads the mask along with the result. */
  readonly downloadMask: boolean;
  readonly maskColour: MaskColour;
  readonly maskHatch: boolean;
  /** From 0.2 to 1. */
  readonly maskOpacity: number;
  readonly saveFormat: SaveFormat;
  /** JPEG and WebP quality, in percent. */
  readonly saveQuality: number;
  readonly strategy: Strategy;
  /** `Crop`: images with a side longer than this are filled crop by crop, in pixels. */
  readonly cropTrigger: number;
  /** `Crop`: margin around the mask's bounding box, in pixels. */
  readonly cropMargin: number;
  /** `Resize`: longer side of the scaled-down image, in pixels. */
  readonly resizeLimit: number;
  readonly cv2Flag: Cv2Flag;
  /** Neighbourhood radius of the `cv2` model, in pixels. */
  readonly cv2Radius: number;
}

export const DEFAULTS: Settings = {
  language: "auto",
  theme: "system",
  manual: false,
  maskGrowth: 4,
  maskFeather: 0,
  coverStrokes: false,
  downloadMask: false,
  maskColour: "yellow",
  maskHatch: false,
  maskOpacity: 0.73,
  saveFormat: "same",
  saveQuality: 95,
  strategy: "Auto",
  cropTrigger: 800,
  cropMargin: 128,
  resizeLimit: 1280,
  cv2Flag: "INPAINT_NS",
  cv2Radius: 4,
};

/** Inclusive ranges of the numeric settings. */
export const RANGES = {
  maskGrowth: { min: 0, max: 64 },
  maskFeather: { min: 0, max: 32 },
  maskOpacity: { min: 0.2, max: 1 },
  saveQuality: { min: 1, max: 100 },
  cropTrigger: { min: 256, max: 8192 },
  cropMargin: { min: 0, max: 1024 },
  resizeLimit: { min: 256, max: 8192 },
  cv2Radius: { min: 1, max: 50 },
} as const satisfies Partial<Record<keyof Settings, { min: number; max: number }>>;

/** Allowed values of the string settings. */
const CHOICES: Partial<Record<keyof Settings, readonly string[]>> = {
  language: ["auto", "en", "zh-CN"],
  theme: THEMES,
  maskColour: MASK_COLOUR_NAMES,
  saveFormat: SAVE_FORMATS,
  strategy: STRATEGIES,
  cv2Flag: CV2_FLAGS,
};

/** Parses stored settings, possibly of another version. Missing and invalid values become the defaults. */
export function readSettings(stored: unknown): Settings {
  const values: Readonly<Record<string, unknown>> =
    typeof stored === "object" && stored !== null ? { ...stored } : {};
  const entries = Object.entries(DEFAULTS).map(([name, fallback]: [string, unknown]) => [
    name,
    isValid(name as keyof Settings, values[name], fallback) ? values[name] : fallback,
  ]);
  return Object.fromEntries(entries) as Settings;
}

/** Returns whether a value has the default's type and lies within the setting's choices or range. */
function isValid(name: keyof Settings, value: unknown, fallback: unknown): boolean {
  if (typeof value !== typeof fallback) return false;
  if (typeof value === "string") return CHOICES[name]?.includes(value) ?? false;
  if (typeof value !== "number") return true;
  const range = (RANGES as Partial<Record<keyof Settings, { min: number; max: number }>>)[name];
  return range !== undefined && value >= range.min && value <= range.max;
}

/** Returns the inpaint request fields derived from the settings. Blending is always enabled. */
export function requestOptions(settings: Settings): Record<string, string | number | boolean> {
  return {
    blend: true,
    dilate: settings.maskGrowth,
    feather: settings.maskFeather,
    cover_strokes: settings.coverStrokes,
    hd_strategy: settings.strategy,
    hd_strategy_crop_trigger_size: settings.cropTrigger,
    hd_strategy_crop_margin: settings.cropMargin,
    hd_strategy_resize_limit: settings.resizeLimit,
    cv2_flag: settings.cv2Flag,
    cv2_radius: settings.cv2Radius,
  };
}

/** Distance from the mask within which the server extends it over strokes and their border, in pixels. */
const STROKE_REACH = 34;

/** Returns the most pixels by which the server grows a mask. */
export function maskReach({ maskGrowth, coverStrokes }: Settings): number {
  return maskGrowth + (coverStrokes ? STROKE_REACH : 0);
}

/**
 * Returns the MIME type to save as, for a source file of the given type. JPEG has no transparency, so a
 * transparent image keeps the type of its source only if that isn't JPEG.
 */
export function outputType(
  { saveFormat }: Settings,
  sourceType: string,
  hasTransparency: boolean,
): ExportType {
  if (saveFormat !== "same") return `image/${saveFormat}`;
  const type = exportType(sourceType);
  return type === "image/jpeg" && hasTransparency ? "image/png" : type;
}
