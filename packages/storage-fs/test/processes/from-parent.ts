import type { Message } from './start-process.ts';

/** What the test has started this process with. */
export function readSettings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

/** Tells the test something; resolves when that is on its way. */
export function tellParent(is: string, value?: unknown): Promise<void> {
  return new Promise((resolve) => {
    process.send?.({ is, value }, undefined, undefined, () => resolve());
  });
}

/** Resolves with what comes along when the test says so. A worker whose test is gone ends. */
export function toldByParent(is: string): Promise<unknown> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      const { is: what, value } = message as Message;
      if (what === is) resolve(value);
    });
  });
}

process.on('disconnect', () => process.exit(1));
