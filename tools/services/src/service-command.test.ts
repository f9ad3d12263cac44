import { describe, expect, test } from 'vitest';
import { runServiceCommand } from './service-command.ts';
import type { Service, StartedService } from './services.ts';

const NEVER = new Promise<never>(() => undefined);

/** Runs the command over one service named `box`, and keeps what it says and does. */
async function run(
  args: readonly string[],
  options: { start?: () => Promise<StartedService>; interrupted?: Promise<unknown> } = {},
) {
  const said: string[] = [];
  let stops = 0;
  const box: Service = {
    title: 'A box',
    start:
      options.start ??
      (async () => ({
        endpoint: 'http://127.0.0.1:1',
        variables: { BOX_KEY: "it's" },
        url: 'box://test',
        note: 'It is small.',
        stop: async () => {
          stops += 1;
        },
      })),
  };
  const code = await runServiceCommand(args, {
    print: (line) => said.push(line),
    complain: (line) => said.push(`! ${line}`),
    interrupted: async () => options.interrupted,
    services: { box },
  });
  return { code, said: said.join('\n'), stops };
}

describe('pnpm service', () => {
  test('lists what can be started', async () => {
    expect(await run(['list'])).toMatchObject({ code: 0, said: '  box       A box' });
  });

  test('starts a service, says how to use it, and stops it at the end', async () => {
    const { code, said, stops } = await run(['up', 'box']);
    expect(code).toBe(0);
    expect(stops).toBe(1);
    expect(said).toContain('It runs on http://127.0.0.1:1');
    expect(said).toContain("  export BOX_KEY='it'\\''s'");
    expect(said).toContain('Try: box://test\n\nIt is small.');
    expect(said).toContain('Stopped.');
  });

  test('tells when the server ends by itself', async () => {
    const start = async () => ({
      endpoint: '',
      variables: {},
      url: '',
      gone: Promise.resolve(),
      stop: async () => undefined,
    });
    const { code, said } = await run(['up', 'box'], { start, interrupted: NEVER });
    expect(code).toBe(1);
    expect(said).toContain('! The server has ended by itself.');
  });

  test('tells why a service does not start', async () => {
    const start = () => Promise.reject(new Error('no room'));
    expect(await run(['up', 'box'], { start })).toMatchObject({ code: 1, said: '! no room' });
    const odd = () => Promise.reject('odd');
    expect(await run(['up', 'box'], { start: odd })).toMatchObject({ code: 1, said: '! odd' });
  });

  test.each(['ftp', 'toString'])('answers the unknown name %s with the list', async (name) => {
    const { code, said } = await run(['up', name]);
    expect(code).toBe(2);
    expect(said).toBe(`! There is no service '${name}'. There are:\n  box       A box`);
  });

  test.each([[[]], [['up']], [['list', 'box']], [['up', 'box', 'more']]])(
    'shows the usage after %j',
    async (args) => {
      const { code, said } = await run(args);
      expect(code).toBe(2);
      expect(said).toContain('pnpm service up <name>');
    },
  );
});
