import { proxy, wrap, type Remote } from "comlink";
import { serverCopy } from "../../api/decode";
import type { Desk } from "./desk";

let desk: Remote<Desk> | null = null;

/** The desk in its worker, which starts with its first use. */
export function theDesk(): Remote<Desk> {
  if (desk) return desk;
  desk = wrap<Desk>(new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "desk" }));
  // Messages keep their order: calls that follow find it connected.
  void desk.connect(proxy(serverCopy));
  return desk;
}
