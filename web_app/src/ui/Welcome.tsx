import { openSample } from "../editor/commands";
import { useEditor } from "../editor/store";
import { ActionButton } from "./ActionButton";

const SAMPLES = [
  { file: "air-balloon.jpg", label: "Hot-air balloon" },
  { file: "cocktail.jpg", label: "Cocktail by the sea" },
  { file: "astronaut.jpg", label: "Astronaut" },
];

/** What is shown before a picture is open. */
export function Welcome() {
  const opening = useEditor((state) => state.opening);
  return (
    <section className="welcome" aria-busy={opening}>
      <h1>Paint over it. It’s gone.</h1>
      <p>
        Remove people, text or scratches from a picture. It never leaves the machine that runs this server.
      </p>
      <ActionButton id="open" named className="primary" />
      <p className="hint">or drop one here, or paste it</p>
      <h2>Try one of these</h2>
      <ul className="samples">
        {SAMPLES.map(({ file, label }) => (
          <li key={file}>
            <button type="button" aria-label={label} onClick={() => void openSample(file)}>
              <img src={`samples/${file}`} alt="" width={112} height={112} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
