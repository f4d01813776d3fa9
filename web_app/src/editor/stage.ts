import {
  fit,
  keepInSight,
  pan,
  pinch,
  toPicture,
  zoom,
  type Insets,
  type Point,
  type Size,
} from "../core/geometry";
import type { Stroke } from "../core/mask";
import { pendingStrokes } from "../core/steps";
import { drawPicture, drawStrokes, resizeCanvas } from "./draw";
import { Gestures } from "./gestures";
import { endStroke } from "./commands";
import { useEditor, type EditorState } from "./store";

const INSETS: Insets = { top: 16, right: 16, bottom: 16, left: 16 };

/** The parts of the page that the stage draws on. */
export interface StageElements {
  readonly root: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly strokes: HTMLCanvasElement;
  /** A ring that shows the brush under the cursor. */
  readonly ring: HTMLElement;
}

/** Draws the picture and its strokes onto canvases of the window's size, and turns gestures into strokes and views. */
class Stage {
  private size: Size = { width: 1, height: 1 };
  private stroke: Stroke | null = null;
  private cursor: Point | null = null;
  /** Whether the view is still the fitted one, which follows the window's size. */
  private fitted = true;
  private readonly stop = new AbortController();
  private readonly observer = new ResizeObserver(() => {
    this.resize();
  });

  constructor(private readonly elements: StageElements) {
    this.observer.observe(elements.root);
    const unsubscribe = useEditor.subscribe((now, before) => {
      this.update(now, before);
    });
    this.stop.signal.addEventListener("abort", unsubscribe);
    new Gestures(
      elements.root,
      {
        canPaint: () => useEditor.getState().job === null,
        strokeMoved: (points) => {
          this.paint(points);
        },
        strokeEnded: (points) => {
          this.paint(points);
          if (this.stroke) endStroke(this.stroke);
          this.dropStroke();
        },
        strokeDropped: () => {
          this.dropStroke();
        },
        panned: (dx, dy) => {
          this.look((view) => pan(view, dx, dy));
        },
        zoomed: (anchor, factor) => {
          this.look((view, picture) => zoom(view, anchor, factor, picture));
        },
        pinched: (before, after) => {
          this.look((view, picture) => pinch(view, before, after, picture));
        },
        hovered: (at) => {
          this.cursor = at;
          this.placeRing();
        },
      },
      this.stop.signal,
    );
    this.resize();
  }

  /** Shows the whole picture. */
  fit(): void {
    const { picture } = useEditor.getState();
    this.fitted = true;
    if (picture) useEditor.setState({ view: fit(picture, this.size, INSETS) });
  }

  /** Zooms about the middle of the stage. */
  zoomBy(factor: number): void {
    const anchor = { x: this.size.width / 2, y: this.size.height / 2 };
    this.look((view, picture) => zoom(view, anchor, factor, picture));
  }

  /** Lets go of everything the stage listens to. */
  dispose(): void {
    this.observer.disconnect();
    this.stop.abort();
  }

  private look(change: (view: EditorState["view"], picture: Size) => EditorState["view"]): void {
    const { picture, view } = useEditor.getState();
    if (!picture) return;
    this.fitted = false;
    useEditor.setState({ view: keepInSight(change(view, picture), picture, this.size) });
  }

  private paint(screen: readonly Point[]): void {
    const { picture, view, tool, brush } = useEditor.getState();
    if (!picture) return;
    const size = this.stroke?.size ?? brush / view.scale;
    this.stroke = { mode: tool, size, points: screen.map((point) => toPicture(view, point)) };
    this.drawStrokes();
  }

  private dropStroke(): void {
    this.stroke = null;
    this.drawStrokes();
  }

  private resize(): void {
    const { root, picture, strokes } = this.elements;
    this.size = { width: root.clientWidth, height: root.clientHeight };
    resizeCanvas(picture, this.size);
    resizeCanvas(strokes, this.size);
    if (this.fitted) this.fit();
    this.drawPicture();
    this.drawStrokes();
  }

  private update(now: EditorState, before: EditorState): void {
    if (now.picture !== before.picture) this.fit();
    const moved = now.view !== before.view || now.picture !== before.picture;
    if (moved || now.revision !== before.revision || now.comparing !== before.comparing) this.drawPicture();
    if (moved || now.history !== before.history || now.comparing !== before.comparing) this.drawStrokes();
    if (now.brush !== before.brush) this.placeRing();
  }

  private drawPicture(): void {
    const { picture, view, comparing } = useEditor.getState();
    if (picture) drawPicture(this.elements.picture, comparing ? picture.original : picture.working, view);
  }

  private drawStrokes(): void {
    const { picture, view, history, comparing } = useEditor.getState();
    if (!picture) return;
    const strokes = comparing ? [] : pendingStrokes(history);
    if (this.stroke) strokes.push(this.stroke);
    drawStrokes(this.elements.strokes, strokes, picture, view);
  }

  private placeRing(): void {
    const { ring } = this.elements;
    const { brush } = useEditor.getState();
    ring.hidden = this.cursor === null;
    if (!this.cursor) return;
    ring.style.width = ring.style.height = `${brush}px`;
    ring.style.transform = `translate(${this.cursor.x - brush / 2}px, ${this.cursor.y - brush / 2}px)`;
  }
}

let current: Stage | null = null;

/** The stage on the page, where a picture is open. */
export function currentStage(): Stage | null {
  return current;
}

/** Puts a stage on the page; the answer takes it away. */
export function mountStage(elements: StageElements): () => void {
  const stage = new Stage(elements);
  current = stage;
  return () => {
    stage.dispose();
    if (current === stage) current = null;
  };
}
