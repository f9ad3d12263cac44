import { describe, expect, it } from 'vitest';
import { mapHarness } from '../test/providers/map-harness.ts';
import { CLI_HELP, runCli } from './cli.ts';

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const broken = mapHarness({
    name: 'broken',
    wrap: (provider) => ({ ...provider, stat: (key) => provider.stat(`${key}x`, {}) }),
  });
  const modules: Readonly<Record<string, unknown>> = {
    'harness.ts': { harness: mapHarness() },
    'broken.ts': { harness: broken },
    'empty.ts': { harness: {} },
    'nothing.ts': undefined,
  };
  const code = await runCli(args, {
    async load(path) {
      if (!(path in modules)) throw new Error(`Cannot find module ${path}`);
      return modules[path];
    },
    print: (text) => lines.push(text),
  });
  return { code, text: lines.join('\n') };
}

describe('the command', () => {
  it('runs one rule and shows it', async () => {
    const { code, text } = await run('harness.ts', '--rule', 'list-3');
    expect(code).toBe(0);
    expect(text).toContain('LIST-3  ok');
    expect(text).toContain('map: 1 passed, 0 failed');
  });

  it('shows only failures of an area, and ends with 1', async () => {
    const { code, text } = await run('broken.ts', '--rule', 'STAT', '--rule', 'DEL-1', '--fast');
    expect(code).toBe(1);
    expect(text).toContain('STAT-1  FAILED');
  });

  it('prints JSON', async () => {
    const { code, text } = await run('harness.ts', '--rule', 'DEL', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ name: 'map', ok: true });
  });

  it('compares with the model when it is asked to', async () => {
    const good = await run('harness.ts', '--rule', 'DEL', '--properties', '--seed', '7');
    expect(good).toMatchObject({
      code: 0,
      text: expect.stringContaining('agree with the model (seed 7)'),
    });
    const bad = await run('broken.ts', '--rule', 'RANGE-4', '--properties', '--json');
    expect(bad).toMatchObject({
      code: 1,
      text: expect.stringContaining('broken and the model disagree'),
    });
    expect((await run('harness.ts', '--rule', 'DEL', '--properties', '--json')).code).toBe(0);
  });

  it('lists rules and titles', async () => {
    const { code, text } = await run('--list', '--rule', 'LIST-3');
    expect({ code, text }).toEqual({
      code: 0,
      text: 'LIST-3  is empty for a prefix that nothing matches',
    });
  });

  it('shows everything with --all, and notable lines without', async () => {
    expect((await run('harness.ts', '--all', '--fast', '--rule', 'STAT-2')).text).toContain(
      'STAT-2  ok',
    );
  });

  it('prints its help', async () => {
    expect(await run('--help')).toEqual({ code: 0, text: CLI_HELP });
  });

  it.each([
    [[], 'Say which module exports the harness.'],
    [['harness.ts', '--rule'], '--rule needs a value.'],
    [['harness.ts', '--seed', 'x'], 'x is no whole number.'],
    [['harness.ts', '--quick'], 'There is no option --quick.'],
    [['harness.ts', 'other.ts'], 'One module is enough; what is other.ts?'],
    [['harness.ts', '--rule', 'NONE-1'], 'No scenario has the rule NONE-1. See --list.'],
    [['missing.ts'], 'Cannot find module missing.ts'],
    [['empty.ts'], 'empty.ts exports no harness'],
    [['nothing.ts'], 'nothing.ts exports no harness'],
  ])('cannot run with %o', async (args, message) => {
    const { code, text } = await run(...args);
    expect(code).toBe(2);
    expect(text).toContain(message);
  });
});
