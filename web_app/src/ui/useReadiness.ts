import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watchReadiness, type Readiness } from "../api/readiness";
import { t } from "../i18n";
import { notify } from "./kit";

/** How far the server is; "asking" before the first answer, null while it isn't reached. */
export function useReadiness(): Readiness | null | "asking" {
  const [now, setNow] = useState<Readiness | null | "asking">("asking");
  const queries = useQueryClient();
  useEffect(() => {
    const stop = new AbortController();
    let before: Readiness | null | "asking" = "asking";
    void watchReadiness((next) => {
      const back = before === null && next !== null;
      if (back) notify({ kind: "good", text: t("model.back") });
      // What else the page knows of the server may have changed with it.
      const changed = before !== "asking" && before?.model !== next?.model;
      if (next && (back || changed)) void queries.invalidateQueries();
      before = next;
      setNow(next);
    }, stop.signal);
    return () => {
      stop.abort();
    };
  }, [queries]);
  return now;
}
