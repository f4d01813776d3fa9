import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watchModels, type ModelEvent } from "../api/events";
import { notify } from "../ui/kit";

/** Returns the latest download event of each model, by model name. */
export function useDownloads(): ReadonlyMap<string, ModelEvent> {
  const client = useQueryClient();
  const [downloads, setDownloads] = useState<ReadonlyMap<string, ModelEvent>>(new Map());
  useEffect(
    () =>
      watchModels((event) => {
        setDownloads((previous) => new Map(previous).set(event.name, event));
        if (event.state === "downloading") return;
        if (event.error) notify({ kind: "error", text: event.error });
        void client.invalidateQueries({ queryKey: ["models"] });
        void client.invalidateQueries({ queryKey: ["server-config"] });
      }),
    [client],
  );
  return downloads;
}
