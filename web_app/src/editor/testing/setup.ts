import { Blob as NodeBlob, File as NodeFile } from "node:buffer";
import { URL as NodeURL } from "node:url";

/**
 * Completes jsdom with the browser features that the editor depends on. Vitest loads it before every test
 * file.
 */

if (typeof window !== "undefined") {
  // jsdom's own blobs have no streams.
  Object.assign(globalThis, { Blob: NodeBlob, File: NodeFile });
  Object.assign(URL, {
    createObjectURL: (blob: NodeBlob) => NodeURL.createObjectURL(blob),
    revokeObjectURL: (url: string) => {
      NodeURL.revokeObjectURL(url);
    },
  });
  Object.assign(window, {
    matchMedia: () => ({ matches: false }),
    ResizeObserver: class {
      observe(): void {
        // Tests don't resize the stage.
      }
      disconnect(): void {
        // Nothing is observed.
      }
    },
  });
  // Layers skip drawing without a context; tests compare the mask's pixels in the document instead.
  HTMLCanvasElement.prototype.getContext = () => null;
  PointerEvent.prototype.getCoalescedEvents = () => [];
  Element.prototype.checkVisibility = () => true;
}
