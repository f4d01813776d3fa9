import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Page } from "puppeteer-core";
import { expect } from "vitest";

const INSTALLED = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const START_MS = 90_000;
const DOWNLOAD_MS = 20_000;

/** A Firefox with a fresh profile, driven over WebDriver BiDi. */
export interface Firefox {
  /** Opens a tab of 1280x720 CSS pixels without cookies or storage of other tabs. */
  readonly open: () => Promise<Page>;
  /** Waits for a download of this name to be complete and returns its bytes. */
  readonly downloaded: (name: string) => Promise<Buffer>;
  /** Ends the browser and removes its profile and downloads. */
  readonly close: () => Promise<void>;
}

/** Starts the Firefox named by `FIREFOX`, or else the installed one. */
export async function launchFirefox(): Promise<Firefox> {
  const executablePath = process.env.FIREFOX ?? INSTALLED.find((path) => existsSync(path));
  if (!executablePath) throw new Error("Firefox isn't installed; FIREFOX names its program");
  const folder = await mkdtemp(join(tmpdir(), "iopaint-firefox-"));
  const downloads = join(folder, "downloads");
  await mkdir(downloads);
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath,
      userDataDir: join(folder, "profile"),
      // Caches and crash reports go there as well.
      env: { ...process.env, HOME: folder },
      defaultViewport: { width: 1280, height: 720 },
      timeout: START_MS,
      extraPrefsFirefox: {
        "browser.download.dir": downloads,
        // 2: the folder of the line above.
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": true,
        "browser.download.alwaysOpenPanel": false,
      },
    });
    return {
      open: async () => {
        const page = await (await browser.createBrowserContext()).newPage();
        // A tab in the background draws no animation frames.
        await page.bringToFront();
        return page;
      },
      downloaded: async (name) => {
        const path = join(downloads, name);
        // Firefox creates an empty file of this name and writes to another one beside it.
        await expect
          .poll(async () => [...(await readdir(downloads)), await isEmpty(path)], { timeout: DOWNLOAD_MS })
          .toEqual([name, false]);
        const bytes = await readFile(path);
        await rm(path);
        return bytes;
      },
      close: async () => {
        await browser.close();
        await remove();
      },
    };
  } catch (reason) {
    await remove();
    throw reason;
  }
}

async function isEmpty(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return !found || found.size === 0;
}
