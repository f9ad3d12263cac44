import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type KeeperAnswer, type KeeperRequest, keepPrograms } from './program-keeper.ts';

const STAYS = "console.log('ready at 1234'); setInterval(() => {}, 1000)";

function openKeeper() {
  const input = new PassThrough();
  const output = new PassThrough();
  const lines = createInterface({ input: output });
  const done = keepPrograms(input, output);
  return {
    done,
    end: () => input.destroy(),
    ask: (request: KeeperRequest) => input.write(`${JSON.stringify(request)}\n`),
    next: () => nextAnswer(lines),
  };
}

async function nextAnswer(lines: Interface): Promise<KeeperAnswer> {
  const [line] = await once(lines, 'line');
  return JSON.parse(String(line));
}

function node(start: number, script: string): KeeperRequest {
  const args = ['-e', script];
  return { start, command: process.execPath, args, env: {}, ready: 'ready at (\\d+)' };
}

describe('keepPrograms', () => {
  test('runs programs, ends one when it is asked, and all with the folder at its end', async () => {
    const keeper = openKeeper();
    const opened = await keeper.next();
    const folder = 'folder' in opened ? opened.folder : '';
    expect(existsSync(folder)).toBe(true);

    keeper.ask(node(1, STAYS));
    expect(await keeper.next()).toEqual({ ready: 1, said: '1234' });
    keeper.ask(node(2, STAYS));
    expect(await keeper.next()).toEqual({ ready: 2, said: '1234' });
    keeper.ask({ kill: 1 });
    expect(await keeper.next()).toEqual({ gone: 1, output: 'ready at 1234' });
    keeper.ask({ kill: 1 });

    keeper.end();
    await keeper.done;
    expect(existsSync(folder)).toBe(false);
  });

  test('tells once that a program is ready', async () => {
    const keeper = openKeeper();
    await keeper.next();
    keeper.ask(node(1, "console.log('ready at 1'); setTimeout(() => console.log('more'), 50)"));
    expect(await keeper.next()).toEqual({ ready: 1, said: '1' });
    expect(await keeper.next()).toEqual({ gone: 1, output: 'ready at 1\nmore' });
    keeper.end();
    await keeper.done;
  });

  test('tells of a program that ends by itself and of one that cannot start', async () => {
    const keeper = openKeeper();
    await keeper.next();
    keeper.ask(node(1, "console.error('no room'); process.exit(1)"));
    expect(await keeper.next()).toEqual({ gone: 1, output: 'no room' });
    keeper.ask({ start: 2, command: '/no/such/program', args: [], env: {}, ready: '(x)' });
    expect(await keeper.next()).toEqual({ gone: 2, output: expect.stringContaining('ENOENT') });
    keeper.ask({ kill: 2 });
    keeper.ask({ start: 3, command: '/no/such/program', args: [], env: {}, ready: '(x)' });
    keeper.ask({ kill: 3 });
    expect(await keeper.next()).toEqual({ gone: 3, output: expect.stringContaining('ENOENT') });
    keeper.end();
    await keeper.done;
  });
});
