import { wrap, type Remote } from "comlink";
import type { Desk } from "./desk";

let desk: Remote<Desk> | null = null;

/** The desk in its worker, which starts with its first use. */
export function theDesk(): Remote<Desk> {
  desk ??= wrap<Desk>(new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "desk" }));
  return desk;
}
