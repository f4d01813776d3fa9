import { redo, undo } from "../../core/history";
import { tellChange } from "../changes";
import { theDesk } from "../document/client";
import { useEditor } from "../store";
import { attempt, inTurn } from "./turn";

const { getState: get, setState: set } = useEditor;

export function undoStep(): Promise<boolean> {
  return attempt(() => inTurn(() => travel("back")));
}

export function redoStep(): Promise<boolean> {
  return attempt(() => inTurn(() => travel("on")));
}

/** Goes to where `steps` steps are done; the picture as it was opened is 0. */
export function goTo(steps: number): Promise<boolean> {
  return attempt(() =>
    inTurn(async () => {
      while (get().history.past.length > steps && (await travel("back")));
      while (get().history.past.length < steps && (await travel("on")));
    }),
  );
}

/** Undoes a step, or does it again; whether there was one. To be called in turn. */
export async function travel(way: "back" | "on"): Promise<boolean> {
  const { picture, history, job } = get();
  const moved = way === "back" ? undo(history) : redo(history);
  if (!picture || job || !moved) return false;
  const [next, step] = moved;
  const change = await theDesk().travel(step.id);
  set({ history: next, hole: change.hole, took: null });
  tellChange(change);
  return true;
}
