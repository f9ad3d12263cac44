import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { useSandbox } from './run-granary.ts';
import { until } from './spawn-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const PARTS = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];
const COUNT = 12;

const at = (path: string): string => join(sandbox.folder, path);
const slow = (): string => `parts:${at('p')}?delayMs=150&readDelayMs=150`;
const calls = (): string[] =>
  existsSync(at('p/calls.log')) ? readFileSync(at('p/calls.log'), 'utf8').split('\n') : [];

beforeEach(async () => {
  mkdirSync(at('src'));
  for (let index = 0; index < COUNT; index += 1) writeFileSync(at(`src/${index}.txt`), 'x');
});

/** Runs a command line and interrupts it when it has made so many calls. */
async function interrupted(words: readonly string[], afterCalls: number) {
  const interrupt = new AbortController();
  const before = calls().length;
  const running = run([...words, '--json', '--concurrency', '2', ...PARTS], {
    signal: interrupt.signal,
  });
  await until(() => calls().length - before >= afterCalls);
  interrupt.abort('SIGINT');
  return running;
}

describe('an interrupted', () => {
  test('cp says how far it came', async () => {
    const { code, records, err } = await interrupted(['cp', '-r', 'src', slow()], 5);
    const sum = records.at(-1);
    expect(code).toBe(130);
    expect(sum).toMatchObject({ type: 'summary', interrupted: true, failed: 0 });
    expect(sum?.['done']).toBeLessThan(COUNT);
    expect(err).toMatch(/^Interrupted\. Copied \d+ objects?, .*\nRun the same command again/);
    expect(records.filter(({ status }) => status === 'failed')).toEqual([]);
  });

  test('mv keeps what it has not moved', async () => {
    expect((await interrupted(['mv', '-r', 'src', slow()], 5)).code).toBe(130);
    const left = (await run('ls -r src')).out.split('\n').filter(Boolean);
    const moved = (await run(['ls', '-r', slow(), ...PARTS])).out.split('\n').filter(Boolean);
    expect(new Set([...left, ...moved]).size).toBe(COUNT);
    expect((await run(['mv', '-r', 'src', slow(), ...PARTS])).code).toBe(0);
    expect((await run('ls -r src')).out).toBe('');
  });

  test.each([
    ['check', 'src'],
    ['verify', ''],
  ])('%s ends without a verdict', async (command, other) => {
    await run(['cp', '-r', 'src', `parts:${at('p')}`, ...PARTS]);
    const words = [command, other, slow()].filter(Boolean);
    const { code, records, err } = await interrupted(words, 1);
    expect(code).toBe(130);
    expect(records.find(({ type }) => type === 'summary')).toBeUndefined();
    expect(err).not.toContain('error');
  });

  test('rm says how far it came', async () => {
    const interrupt = new AbortController();
    const running = run('rm -ry src --json --concurrency 1', { signal: interrupt.signal });
    await until(() => !existsSync(at('src/0.txt')));
    interrupt.abort('SIGTERM');
    const { code, records } = await running;
    expect(code).toBe(143);
    expect(records.at(-1)).toMatchObject({ type: 'summary', action: 'delete' });
  });

  test('doctor takes away what it has written', async () => {
    const interrupt = new AbortController();
    const running = run(['doctor', slow(), ...PARTS], { signal: interrupt.signal });
    await until(() => calls().some((line) => line.startsWith('get granary-doctor')));
    interrupt.abort('SIGINT');
    const { code, err } = await running;
    expect({ code, err }).toEqual({ code: 130, err: '' });
    expect((await run(['ls', '-r', slow(), ...PARTS])).out).toBe('');
  });

  test('ls ends quietly when nobody reads on', async () => {
    const { code, err } = await run('ls src', { signal: AbortSignal.abort('SIGPIPE') });
    expect({ code, err }).toEqual({ code: 141, err: '' });
  });
});
