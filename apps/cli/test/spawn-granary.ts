import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** How a process ended. */
export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessResult>;
}

const MAIN = join(import.meta.dirname, '../src/main.ts');
const FIXTURE = join(import.meta.dirname, 'fixtures/parts-backend.ts');

/** What a process has besides its command line. */
export interface ProcessSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node. */
  readonly node?: readonly string[];
}

/** Starts the program from its sources, with the slow backend of the tests. */
export function startGranary(
  words: readonly string[],
  cwd: string,
  { env = {}, node = [] }: ProcessSettings = {},
): RunningProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@granary/source', ...node, MAIN, ...words, '--backend', FIXTURE],
    {
      cwd,
      env: { ...process.env, XDG_STATE_HOME: join(cwd, '../state'), NO_COLOR: '1', ...env },
      stdio: 'pipe',
    },
  );
  // A process that was killed reads no more.
  child.stdin.on('error', () => {});
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = new Promise<ProcessResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({
        code,
        signal,
        out: Buffer.concat(out).toString(),
        err: Buffer.concat(err).toString(),
      });
    });
  });
  return { child, ended };
}

/** Runs the program to its end. */
export function granary(words: readonly string[], cwd: string, input = ''): Promise<ProcessResult> {
  const { child, ended } = startGranary(words, cwd);
  child.stdin?.end(input);
  return ended;
}

/** Waits until something is so. Fails after a while. */
export async function until(isSo: () => boolean, withinMs = 15_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error('It did not become so in time.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
