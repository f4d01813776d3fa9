import { useEffect, useState } from "react";
import { cancel } from "../editor/commands";
import { useEditor } from "../editor/store";

const TICK_MS = 100;

/** The fill under way with its time so far and a way out, then how long it took. */
export function JobStatus() {
  const since = useEditor((state) => state.job?.since);
  const took = useEditor((state) => state.took);
  return (
    <div className="job">
      <p role="status" aria-label="Progress">
        {since !== undefined ? "Filling…" : took !== null ? `Done in ${seconds(took)}` : ""}
      </p>
      {since !== undefined && (
        <>
          <Elapsed key={since} since={since} />
          <progress aria-label="Filling" />
          <button type="button" title="Cancel (Esc)" onClick={cancel}>
            Cancel
          </button>
        </>
      )}
    </div>
  );
}

/** Ticks outside of the live region, which would read out every tick. */
function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(performance.now());
    }, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <span className="elapsed">{seconds(now - since)}</span>;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
