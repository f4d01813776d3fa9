import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watchReadiness, type Readiness } from "../api/readiness";
import { t } from "../i18n";
import { notify } from "./kit";

/**
 * Returns the server's readiness: "pending" before the first response, null while the server is unreachable.
 */
export function useReadiness(): Readiness | null | "pending" {
  const [readiness, setReadiness] = useState<Readiness | null | "pending">("pending");
  const queries = useQueryClient();
  useEffect(() => {
    const controller = new AbortController();
    let previous: Readiness | null | "pending" = "pending";
    void watchReadiness((next) => {
      const reconnected = previous === null && next !== null;
      if (reconnected) notify({ kind: "success", text: t("model.reconnected") });
      // Other cached server data may have changed too.
      const modelChanged = previous !== "pending" && previous?.model !== next?.model;
      if (next && (reconnected || modelChanged)) void queries.invalidateQueries();
      previous = next;
      setReadiness(next);
    }, controller.signal);
    return () => {
      controller.abort();
    };
  }, [queries]);
  return readiness;
}
