import type { MaskColour } from "./settings";

/** CSS colours of the mask: IOPaint's yellow, and magenta as an alternative with a distinct hue. */
export const MASK_COLOURS: Readonly<Record<MaskColour, string>> = { yellow: "#ffcc00", magenta: "#ff2ea6" };
