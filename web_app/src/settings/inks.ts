import type { MaskColour } from "./settings";

/** The mask's colours as they are drawn: IOPaint's yellow, and one that few confuse with it. */
export const MASK_INKS: Readonly<Record<MaskColour, string>> = { yellow: "#ffcc00", magenta: "#ff2ea6" };
