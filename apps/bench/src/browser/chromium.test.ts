import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBrowserServer } from './browser-server.ts';
import { startChromium } from './chromium.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-chromium-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that stands in for the browser. */
async function program(script: string): Promise<string> {
  const path = join(folder, 'program');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('startChromium', () => {
  test('tells where DevTools listen, and ends with all that it left', async () => {
    const path = await program(
      `echo "$@" > ${folder}/arguments; echo "DevTools listening on ws://127.0.0.1:1/x" >&2; exec sleep 60`,
    );
    const chromium = await startChromium(path);
    expect(chromium.endpoint).toBe('ws://127.0.0.1:1/x');
    expect(chromium.processId).toBeGreaterThan(0);
    await chromium.stop();
    expect(() => process.kill(chromium.processId, 0)).toThrow('ESRCH');
    const [, profile = ''] = /--user-data-dir=(\S+)/.exec(
      await readFile(join(folder, 'arguments'), 'utf8'),
    ) ?? [''];
    await expect(readFile(profile)).rejects.toThrow('ENOENT');
  });

  test('tells what the program has said when it ends early', async () => {
    const path = await program('echo "no display" >&2; exit 3');
    await expect(startChromium(path)).rejects.toThrow(
      'Chromium did not start: it ended with exit code 3. no display',
    );
  });

  test('waits no longer than it may', async () => {
    const path = await program('exec sleep 60');
    await expect(startChromium(path, 50)).rejects.toThrow('it said nothing for 0.05 s');
  });

  test('says when there is no such program', async () => {
    await expect(startChromium(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });
});

describe('startBrowserServer', () => {
  test('passes on why the browser did not start', async () => {
    await expect(startBrowserServer(await program('exit 1'))).rejects.toThrow('exit code 1');
  });
});
