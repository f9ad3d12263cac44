import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What the keeper is asked for, one JSON text a line. */
export type KeeperRequest =
  | {
      readonly start: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      /** A regular expression whose first group is what the program says when it is ready. */
      readonly ready: string;
    }
  | { readonly kill: number };

/** What the keeper tells, one JSON text a line. Numbers are those of the `start` requests. */
export type KeeperAnswer =
  | { readonly folder: string }
  | { readonly ready: number; readonly said: string }
  | { readonly gone: number; readonly output: string };

const KEPT_OUTPUT_CHARS = 4_000;

/**
 * Runs programs and gives them a temporary folder, until `input` ends: then every one of them, with
 * the processes that it has started, is ended by SIGKILL and the folder is removed.
 */
export async function keepPrograms(input: Readable, output: Writable): Promise<void> {
  // Who asked may be gone before an answer is written.
  output.on('error', () => undefined);
  const tell = (answer: KeeperAnswer) => output.write(`${JSON.stringify(answer)}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'granary-browser-'));
  const running = new Map<number, { readonly child: ChildProcess; readonly gone: Promise<void> }>();
  tell({ folder });

  const lines = createInterface({ input });
  // A stream that is destroyed ends without saying so.
  input.once('close', () => lines.close());
  for await (const line of lines) {
    const request: KeeperRequest = JSON.parse(line);
    if ('kill' in request) {
      const program = running.get(request.kill);
      if (program) killGroup(program.child);
    } else {
      const child = start(request, tell);
      const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
      running.set(request.start, { child, gone });
      void gone.then(() => running.delete(request.start));
    }
  }
  const last = [...running.values()];
  for (const { child } of last) killGroup(child);
  await Promise.all(last.map(({ gone }) => gone));
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function start(
  request: Extract<KeeperRequest, { start: number }>,
  tell: (answer: KeeperAnswer) => void,
): ChildProcess {
  const { start: number, command, args, env } = request;
  // In a group of its own, so that all it starts can be ended at once.
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ready = new RegExp(request.ready);
  let output = '';
  let isReady = false;
  const listen = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARS);
    const said = isReady ? undefined : ready.exec(output)?.[1];
    if (said === undefined) return;
    isReady = true;
    tell({ ready: number, said });
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  child.on('error', ({ message }) => {
    output += message;
  });
  child.on('close', () => tell({ gone: number, output: output.trim() }));
  return child;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
