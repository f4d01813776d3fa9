import type { components } from "../api/schema";

/** How large pictures are taken to pieces: the strategies of the server's API. */
export type Strategy = components["schemas"]["HdStrategyName"];
export const STRATEGIES = ["Auto", "Crop", "Resize", "Original"] as const satisfies readonly Strategy[];

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** The mask's colours: IOPaint's yellow, and one for people who can't tell it from what they paint on. */
export const MASK_COLOURS = ["yellow", "magenta"] as const;
export type MaskColour = (typeof MASK_COLOURS)[number];

/** What results are saved as; `same` is the format of the picture that was opened. */
export const SAVE_FORMATS = ["same", "png", "jpeg", "webp"] as const;
export type SaveFormat = (typeof SAVE_FORMATS)[number];

export const CV2_FLAGS = ["INPAINT_NS", "INPAINT_TELEA"] as const;
export type Cv2Flag = (typeof CV2_FLAGS)[number];

export const LDM_SAMPLERS = ["plms", "ddim"] as const;
export type LdmSampler = (typeof LDM_SAMPLERS)[number];

/** What the page keeps of a person's choices, in this browser. */
export interface Settings {
  readonly language: "auto" | "en" | "zh-CN";
  readonly theme: Theme;
  /** Whether strokes wait until they are told to run. */
  readonly manual: boolean;
  /** Whether the mask is saved beside the result. */
  readonly downloadMask: boolean;
  readonly maskColour: MaskColour;
  readonly maskHatch: boolean;
  /** 0.2 to 1. */
  readonly maskOpacity: number;
  readonly saveFormat: SaveFormat;
  /** Of JPEG and WebP, in percent. */
  readonly saveQuality: number;
  readonly strategy: Strategy;
  /** `Crop`: pictures with a side longer than this are filled crop by crop, in pixels. */
  readonly cropTrigger: number;
  /** `Crop`: how much of the surroundings a crop takes along, in pixels. */
  readonly cropMargin: number;
  /** `Resize`: the longer side is brought down to this, in pixels. */
  readonly resizeLimit: number;
  readonly cv2Flag: Cv2Flag;
  /** In pixels. */
  readonly cv2Radius: number;
  readonly ldmSteps: number;
  readonly ldmSampler: LdmSampler;
}

export const DEFAULTS: Settings = {
  language: "auto",
  theme: "system",
  manual: false,
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
  ldmSteps: 20,
  ldmSampler: "plms",
};

/** The ends of each number. */
export const RANGES = {
  maskOpacity: { min: 0.2, max: 1 },
  saveQuality: { min: 1, max: 100 },
  cropTrigger: { min: 256, max: 8192 },
  cropMargin: { min: 0, max: 1024 },
  resizeLimit: { min: 256, max: 8192 },
  cv2Radius: { min: 1, max: 50 },
  ldmSteps: { min: 1, max: 100 },
} as const satisfies Partial<Record<keyof Settings, { min: number; max: number }>>;

const CHOICES: Partial<Record<keyof Settings, readonly string[]>> = {
  language: ["auto", "en", "zh-CN"],
  theme: THEMES,
  maskColour: MASK_COLOURS,
  saveFormat: SAVE_FORMATS,
  strategy: STRATEGIES,
  cv2Flag: CV2_FLAGS,
  ldmSampler: LDM_SAMPLERS,
};

/** The settings among what was stored, by this page or another version of it; defaults for what makes no sense. */
export function readSettings(stored: unknown): Settings {
  const known: Readonly<Record<string, unknown>> =
    typeof stored === "object" && stored !== null ? { ...stored } : {};
  const kept = Object.entries(DEFAULTS).map(([name, fallback]: [string, unknown]) => [
    name,
    fits(name as keyof Settings, known[name], fallback) ? known[name] : fallback,
  ]);
  return Object.fromEntries(kept) as Settings;
}

function fits(name: keyof Settings, value: unknown, fallback: unknown): boolean {
  if (typeof value !== typeof fallback) return false;
  if (typeof value === "string") return CHOICES[name]?.includes(value) ?? false;
  if (typeof value !== "number") return true;
  const range = (RANGES as Partial<Record<keyof Settings, { min: number; max: number }>>)[name];
  return range !== undefined && value >= range.min && value <= range.max;
}

/** The fields of an inpaint request that the settings decide; fillings always meet the picture without a seam. */
export function requestOptions(settings: Settings): Record<string, string | number | boolean> {
  return {
    blend: true,
    hd_strategy: settings.strategy,
    hd_strategy_crop_trigger_size: settings.cropTrigger,
    hd_strategy_crop_margin: settings.cropMargin,
    hd_strategy_resize_limit: settings.resizeLimit,
    cv2_flag: settings.cv2Flag,
    cv2_radius: settings.cv2Radius,
    ldm_steps: settings.ldmSteps,
    ldm_sampler: settings.ldmSampler,
  };
}
