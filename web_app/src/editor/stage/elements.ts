/** DOM elements of the stage. */
export interface StageElements {
  readonly root: HTMLElement;
  readonly image: HTMLCanvasElement;
  readonly mask: HTMLCanvasElement;
  /** Ring that shows the brush size at the cursor. */
  readonly ring: HTMLElement;
  /** Divider between original and result. */
  readonly divider: HTMLElement;
}
