import { useShallow } from "zustand/react/shallow";
import { fullBox } from "../core/box";
import { toScreen, type Point, type View } from "../core/geometry";
import type { PromptArea } from "../core/prompt";
import { rectangleCorners } from "../core/shapes";
import { useEditor } from "../editor/store";

/** The clicks and the area of the current selection, with a spinner while the server computes it. */
export function PromptMarks() {
  const { prompt, view, image, running, hidden } = useEditor(
    useShallow(({ prompt, view, image, job, comparing }) => ({
      prompt,
      view,
      image,
      running: job?.task === "select",
      hidden: comparing || (job !== null && job.task !== "select"),
    })),
  );
  if (!prompt || !image || hidden) return null;
  const { area, clicks, applied } = prompt;
  const showArea = area && running && !applied && !isWhole(area, fullBox(image));
  const pending = running ? clicks.slice(applied?.clicks.length ?? 0) : [];
  return (
    <svg aria-hidden="true" className="marks">
      {showArea && <Outline points={cornersOf(area).map((point) => toScreen(view, point))} />}
      {clicks.map((click, index) => (
        <Mark
          key={index}
          at={centreOf(click.at, view)}
          sign={click.inside === (prompt.mode === "add") ? "+" : "−"}
          running={pending.includes(click)}
        />
      ))}
      {running && clicks.length === 0 && area && <Spinner at={toScreen(view, middleOf(area))} />}
    </svg>
  );
}

function Mark({ at, sign, running }: { at: Point; sign: string; running: boolean }) {
  return (
    <>
      <g className="mark" data-sign={sign} transform={`translate(${at.x} ${at.y})`}>
        <circle r={10.5} className="mark-shadow" />
        <circle r={9} className="mark-disc" />
        <text>{sign}</text>
      </g>
      {running && <Spinner at={at} />}
    </>
  );
}

function Spinner({ at }: { at: Point }) {
  return (
    <g className="mark-spinner" transform={`translate(${at.x} ${at.y})`}>
      <circle r={16} className="mark-track" />
      <circle r={16} pathLength={100} strokeDasharray="25 75" className="mark-arc animate-spin" />
    </g>
  );
}

function Outline({ points }: { points: readonly Point[] }) {
  const corners = points.map(({ x, y }) => `${x},${y}`).join(" ");
  return (
    <>
      <polygon points={corners} className="mark-shade" />
      <polygon points={corners} className="mark-line" />
    </>
  );
}

/** Returns the centre of a pixel on the screen. */
function centreOf({ x, y }: Point, view: View): Point {
  return toScreen(view, { x: x + 0.5, y: y + 0.5 });
}

function cornersOf(area: PromptArea): readonly Point[] {
  if (area.kind === "lasso") return area.points;
  const { x, y, width, height } = area.box;
  return rectangleCorners({ x, y }, { x: x + width, y: y + height });
}

/** Returns the mean of the corners. */
function middleOf(area: PromptArea): Point {
  const corners = cornersOf(area);
  const sum = corners.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / corners.length, y: sum.y / corners.length };
}

function isWhole(area: PromptArea, image: ReturnType<typeof fullBox>): boolean {
  return area.kind === "box" && area.box.width === image.width && area.box.height === image.height;
}
