import { findBrowser, whyNoBrowser } from '@granary-tools/browser';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';

/** What a person does on the pages of the provider. */
export interface Choice {
  /** Default: `ann`. */
  readonly who?: string;
  /** Scopes whose box is cleared. */
  readonly without?: readonly string[];
  readonly denies?: boolean;
}

/** Starts a Chromium without a window that opens nothing but this machine. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findBrowser('chromium');
  if (executablePath === undefined) throw new Error(whyNoBrowser('chromium'));
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
}

/** Signs in and agrees, or not. */
export async function answerPages(page: Page, choice: Choice = {}): Promise<void> {
  const { who = 'ann', without = [], denies = false } = choice;
  await page.locator('#next, #agree').first().waitFor();
  if (await page.locator('#next').isVisible()) {
    await page.fill('input[name=who]', who);
    await page.click('#next');
  }
  await page.locator('#agree').waitFor();
  for (const scope of without) await page.uncheck(`input[name="${scope}"]`);
  await page.click(denies ? '#deny' : '#agree');
}

/** Opens an address as the browser of the system would, and answers its pages. */
export function personIn(
  context: BrowserContext,
  choice: Choice = {},
): { open(url: string): void; readonly pages: Page[]; done(): Promise<void> } {
  const pages: Page[] = [];
  let work: Promise<void> = Promise.resolve();
  return {
    pages,
    open(url) {
      work = (async () => {
        const page = await context.newPage();
        pages.push(page);
        await page.goto(url);
        await answerPages(page, choice);
      })();
      work.catch(() => undefined);
    },
    done: () => work,
  };
}
