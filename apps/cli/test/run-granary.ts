import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { type HostSettings, memoryHost } from './memory-host.ts';

/** What a command line left behind. */
export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The lines of `--json`. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** A folder of its own for each test, and the program in it. */
export interface Sandbox {
  readonly folder: string;
  /** Runs a command line in this process, in the folder. */
  run(words: readonly string[] | string, settings?: HostSettings): Promise<RunResult>;
}

/** Makes a sandbox that is new for every test of the file. */
export function useSandbox(): Sandbox {
  let root = '';
  let folder = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'granary-cli-'));
    folder = join(root, 'work');
    mkdirSync(folder);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    async run(words, settings = {}) {
      const host = memoryHost({
        cwd: folder,
        ...settings,
        env: { XDG_STATE_HOME: join(root, 'state'), ...settings.env },
      });
      const list = typeof words === 'string' ? words.split(' ') : words;
      const code = await runCli(list, host, { version: '1.2.3' });
      const out = host.out();
      return { code, out, err: host.err(), records: recordsOf(out) };
    },
  };
}

function recordsOf(out: string): Readonly<Record<string, unknown>>[] {
  return out
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
