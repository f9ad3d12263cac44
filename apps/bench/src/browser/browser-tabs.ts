import type { Browser } from 'playwright-core';
import { fact, type ServerFacts } from '../harness/servers.ts';
import type { PageCall, PageReply } from '../page/page-protocol.ts';

/** The page of one subject, at an origin of its own. */
export interface SubjectTab {
  /** Rejects with what the page has thrown. */
  ask(call: PageCall): Promise<unknown>;
  /** Loads the page anew; it makes the calls as soon as it can. Returns the last answer. */
  reload(calls: readonly PageCall[]): Promise<unknown>;
  /** Deletes what the origin has stored, and closes the page. */
  close(): Promise<void>;
}

/** The pages of one workload. */
export interface BrowserTabs {
  /** Once, before any page is opened. */
  connect(facts: ServerFacts | undefined): Promise<void>;
  /** Opens the page of a subject. An origin has storage, quota and process of its own. */
  open(facts: ServerFacts | undefined, name: string): Promise<SubjectTab>;
  disconnect(): Promise<void>;
}

/** A page that says nothing for so long has failed. Units: ms. */
const ANSWER_TIMEOUT_MS = 120_000;

/** Returns pages that share one connection to the browser, from `connect` to `disconnect`. */
export function browserTabs(answerTimeoutMs: number = ANSWER_TIMEOUT_MS): BrowserTabs {
  let browser: Browser | undefined;

  return {
    async connect(facts) {
      const { chromium } = await import('playwright-core');
      browser = await chromium.connectOverCDP(fact(facts, 'endpoint'), { noDefaults: true });
    },

    async open(facts, name) {
      const context = browser?.contexts()[0];
      if (context === undefined) throw new Error('There is no connection to the browser.');
      // Chromium trusts `localhost` and all names below it, and finds them without asking anybody.
      const origin = `http://${name}.localhost:${fact(facts, 'port')}`;
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      let loads = 0;

      const load = async (calls: readonly PageCall[]) => {
        const first = calls.length === 0 ? '' : `#${encodeURIComponent(JSON.stringify(calls))}`;
        await page.goto(`${origin}/?load=${loads++}${first}`);
        const [error] = errors;
        if (error !== undefined) throw new Error(`The page did not start: ${error}`);
      };
      const evaluate = async (expression: string) => {
        await page.bringToFront();
        const reply: PageReply = await within(answerTimeoutMs, page.evaluate(expression));
        if ('error' in reply) throw new Error(reply.error);
        return reply.value;
      };

      await load([]);
      return {
        ask: (call) => evaluate(`granaryAnswer(${JSON.stringify(call)})`),
        async reload(calls) {
          await load(calls);
          return evaluate('granaryFirst');
        },
        async close() {
          await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
          await page.close();
        },
      };
    },

    async disconnect() {
      await browser?.close();
      browser = undefined;
    },
  };
}

async function within<Value>(timeoutMs: number, answer: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer from the page within ${timeoutMs / 1000} s.`)),
    timeoutMs,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
