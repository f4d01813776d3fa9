import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followSettings } from "./settings/store";
import { App } from "./ui/App";
import { KitProvider } from "./ui/kit";
import "./ui/app.css";

/** Draws the page; texts that couldn't be fetched are shown in English. */
function start(root: HTMLElement): void {
  createRoot(root).render(
    <StrictMode>
      <KitProvider>
        <App />
      </KitProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root)
  void followSettings()
    .catch(() => undefined)
    .then(() => {
      start(root);
    });
