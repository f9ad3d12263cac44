import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { memoryHost } from '../../test/memory-host.ts';
import type { Host } from '../host.ts';
import { askNewSecret, askSecret, askYes, canAsk } from './ask.ts';

/** A host on a terminal, what its user types, and what is shown. */
function terminal(): { readonly host: Host; shown(): string; type(text: string): void } {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  let shown = '';
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  const host = memoryHost({ isTTY: true, stdin: input, stderr });
  return {
    host,
    shown: () => shown,
    type: (text) => {
      input.write(text);
    },
  };
}

/** Waits for a prompt, then types. */
async function answer(
  { shown, type }: ReturnType<typeof terminal>,
  prompt: string,
  text: string,
): Promise<void> {
  while (!shown().endsWith(prompt)) await new Promise((resolve) => setImmediate(resolve));
  type(text);
}

describe('askSecret', () => {
  test('takes what is typed and shows none of it', async () => {
    const user = terminal();
    const [secret] = await Promise.all([
      askSecret(user.host, 'Secret'),
      answer(user, 'Secret: ', 'hunter2\r'),
    ]);
    expect(secret).toBe('hunter2');
    expect(user.shown()).toBe('Secret: \n');
  });

  test.each([
    ['Ctrl+C', '\u0003'],
    ['Ctrl+D', '\u0004'],
  ])('ends with %s', async (_name, key) => {
    const user = terminal();
    const asked = askSecret(user.host, 'Secret');
    await Promise.all([
      expect(asked).rejects.toMatchObject({ code: 'aborted' }),
      answer(user, ': ', key),
    ]);
    expect(user.shown()).toBe('Secret: \n');
  });
});

describe('askNewSecret', () => {
  test.each([
    ['hunter2', true],
    ['hunter3', false],
  ])('asks twice: hunter2, then %s', async (second, isSame) => {
    const user = terminal();
    const asked = askNewSecret(user.host, 'Secret');
    await answer(user, 'Secret: ', 'hunter2\r');
    const told = isSame
      ? expect(asked).resolves.toBe('hunter2')
      : expect(asked).rejects.toThrow('the two are not the same.');
    await Promise.all([told, answer(user, 'Secret, again: ', `${second}\r`)]);
  });
});

describe('askYes', () => {
  test.each([
    ['y\r', true],
    ['Yes\r', true],
    ['n\r', false],
    ['\r', false],
    ['yesterday\r', false],
    ['\u0003', false],
  ])('takes %j for %s', async (typed, isYes) => {
    const user = terminal();
    const asked = askYes(user.host, 'Go on?');
    user.type(typed);
    expect(await asked).toBe(isYes);
    expect(user.shown()).toContain('Go on? [y/N] ');
  });
});

test('somebody can be asked on a terminal alone', () => {
  expect(canAsk(terminal().host)).toBe(true);
  expect(canAsk(memoryHost())).toBe(false);
});
