import { useEffect, useState } from "react";
import { watchReadiness, type Readiness } from "../api/readiness";

const MEGABYTE = 1_000_000;

/** Which model serves, and the one on its way. */
export function ModelStatus() {
  const [now, setNow] = useState<Readiness | null | "asking">("asking");
  useEffect(() => {
    const stop = new AbortController();
    void watchReadiness(setNow, stop.signal);
    return () => {
      stop.abort();
    };
  }, []);

  if (now === "asking") return null;
  if (now === null) return <Status tone="bad" text="Server not reached" />;
  const { loading, model, ready, failure } = now;
  if (loading) {
    const { name, bytes, total } = loading;
    const known = bytes !== null && total !== null;
    const done = known ? `, ${Math.round(bytes / MEGABYTE)} of ${Math.round(total / MEGABYTE)} MB` : "";
    return (
      <Status tone="busy" text={`${bytes === null ? "Loading" : "Downloading"} ${name}${done}`}>
        {known && <progress aria-label={`Download of ${name}`} value={bytes} max={total} />}
      </Status>
    );
  }
  if (ready && model)
    return <Status tone="good" text={model} hint={failure ?? `Filled by the model ${model}`} />;
  return <Status tone="bad" text={failure ?? "No model yet"} />;
}

interface StatusProps {
  tone: "good" | "busy" | "bad";
  text: string;
  hint?: string;
  children?: React.ReactNode;
}

function Status({ tone, text, hint, children }: StatusProps) {
  return (
    <div className={`model ${tone}`} role="status" aria-label="Model" title={hint ?? text}>
      <span className="dot" aria-hidden="true" />
      <span className="text">{text}</span>
      {children}
    </div>
  );
}
