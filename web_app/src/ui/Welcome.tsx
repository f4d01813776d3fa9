import { openSample } from "../editor/commands/session";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { ACTIONS } from "../actions/registry";
import { Button } from "./kit";

const SAMPLES = ["air-balloon", "cocktail", "astronaut"] as const;

/** The start screen, shown until an image is open. */
export function Welcome() {
  const t = useT();
  const opening = useEditor((state) => state.opening);
  const Icon = ACTIONS.open.icon;
  return (
    <main className="welcome" aria-busy={opening}>
      <div className="welcome-zone">
        <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
          {t("welcome.title")}
        </h1>
        <p className="max-w-[44ch] text-soft">{t("welcome.text")}</p>
        <Button
          variant="primary"
          disabled={opening}
          className="mt-2 h-10 px-4"
          icon={<Icon aria-hidden="true" size={18} strokeWidth={1.75} />}
          onClick={() => void ACTIONS.open.perform()}
        >
          {t(opening ? "job.opening" : "welcome.open")}
        </Button>
        <p className="text-sm text-soft max-sm:hidden">{t("welcome.hint")}</p>
      </div>
      <h2 className="mt-2 text-sm text-soft">{t("welcome.samples")}</h2>
      <ul className="flex gap-3">
        {SAMPLES.map((name) => (
          <li key={name}>
            <button
              type="button"
              aria-label={t(`welcome.sample.${name}`)}
              className="sample"
              onClick={() => void openSample(`${name}.jpg`)}
            >
              <img src={`samples/${name}.jpg`} alt="" width={144} height={144} />
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}
