import type { EnginePage } from './engine.ts';
import type { CallAnswer } from './in-page/answer-call.ts';

/** One tab of a browser, in which a module runs and waits for calls. */
export interface Tab {
  /**
   * Calls the function that the module exports under `name`. Arguments and result pass as JSON; bytes,
   * maps and sets are refused. Rejects with what the function threw: an error with its name, message,
   * code and other plain fields; or with a `TabGone` when the tab is closed, crashed or killed, at
   * once and also while the call runs. A frozen tab answers when it is thawed.
   */
  call(name: string, ...args: readonly unknown[]): Promise<unknown>;
  /** What the page has printed and what nothing caught, as `log: text`, the oldest first. */
  readonly console: readonly string[];
  /** Stops timers, tasks and workers of the page, as browsers do with tabs that nobody looks at. Chromium only. */
  freeze(): Promise<void>;
  /** Lets a frozen tab go on. */
  thaw(): Promise<void>;
  /** Kills the process of this tab at once, and waits until it is gone. Chromium only. */
  crash(): Promise<void>;
  /** Closes the tab in order. May be called again, also after a crash. */
  close(): Promise<void>;
}

/** Puts calls on a page whose module has loaded. */
export function openTab(page: EnginePage, browserGone: Promise<unknown>): Tab {
  let reason: string | undefined;
  const gone = Promise.race([
    page.gone.then(() => 'it was closed or has crashed'),
    browserGone.then(() => 'its browser has ended'),
  ]).then((why) => {
    reason ??= why;
    return why;
  });

  return {
    async call(name, ...args) {
      if (reason !== undefined) throw tabGone(name, reason);
      const expression = `granaryCall(${JSON.stringify(name)}, ${JSON.stringify(args)})`;
      const answer = await Promise.race([
        page.evaluate(expression).catch(async (error: Error) => {
          // The error may come before the news that there is no page any more.
          await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5_000))]);
          throw reason === undefined ? error : tabGone(name, reason);
        }),
        gone.then((why) => Promise.reject(tabGone(name, why))),
      ]);
      const told: CallAnswer = JSON.parse(String(answer));
      if ('error' in told) throw toError(told.error);
      return told.value;
    },

    console: page.console,

    async freeze() {
      await page.freeze();
    },

    async thaw() {
      await page.thaw();
    },

    async crash() {
      await page.crash();
      reason ??= 'it was crashed';
    },

    async close() {
      if (reason !== undefined) return;
      reason = 'it was closed';
      await page.close();
    },
  };
}

function tabGone(name: string, why: string): Error {
  const error = new Error(`'${name}' got no answer from the tab: ${why}.`);
  error.name = 'TabGone';
  return error;
}

function toError({ message, ...fields }: Readonly<Record<string, unknown>>): Error {
  return Object.assign(new Error(String(message)), fields);
}
