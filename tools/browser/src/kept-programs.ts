import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { KeeperAnswer, KeeperRequest } from './program-keeper.ts';

const KEEPER = fileURLToPath(new URL('./keep-programs.ts', import.meta.url));

/** A program to run. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables on top of the current ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Its first group is what the program says when it is ready. */
  readonly ready: RegExp;
  /** The longest it may take to get ready. Units: ms. */
  readonly timeoutMs: number;
}

/** A program that is ready. */
export interface KeptProgram {
  /** What the first group of `ready` has matched. */
  readonly said: string;
  /** Resolves when the program has ended, with the last that it wrote. */
  readonly gone: Promise<string>;
  /** Ends it and what it has started at once, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Programs and a folder that end with this process, however that ends. */
export interface KeptPrograms {
  /** A temporary folder, removed with the programs. */
  readonly folder: string;
  /** Rejects when the program ends or is slow before it is ready; then nothing of it is left. */
  start(program: Program): Promise<KeptProgram>;
  /** Ends all programs and waits until nothing of them is left. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a keeper: a process in a group of its own (Ctrl+C in a terminal does not reach it) that
 * runs programs and waits on a pipe from here.
 */
export async function openKeeper(keeperScript: string = KEEPER): Promise<KeptPrograms> {
  const keeper = spawn(process.execPath, [keeperScript], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  keeper.stdin.on('error', () => undefined);
  const complaints = text(keeper.stderr);
  const ended = once(keeper, 'exit').then(() => undefined);
  const opened = Promise.withResolvers<string>();
  const ready = new Map<number, (said: string) => void>();
  const gone = new Map<number, (output: string) => void>();
  const hear = (answer: KeeperAnswer) => {
    if ('folder' in answer) opened.resolve(answer.folder);
    else if ('ready' in answer) ready.get(answer.ready)?.(answer.said);
    else gone.get(answer.gone)?.(answer.output);
  };
  createInterface({ input: keeper.stdout }).on('line', (line) => hear(JSON.parse(line)));
  void ended.then(async () => {
    const reason = `The process that runs the browsers has ended. ${await complaints}`.trim();
    opened.reject(new Error(reason));
    for (const tell of gone.values()) tell(reason);
  });
  const folder = await opened.promise;
  const ask = (request: KeeperRequest) => keeper.stdin.write(`${JSON.stringify(request)}\n`);
  let started = 0;

  return {
    folder,

    async start({ command, args, env, ready: pattern, timeoutMs }) {
      started += 1;
      const number = started;
      const isReady = Promise.withResolvers<string>();
      const isGone = Promise.withResolvers<string>();
      ready.set(number, isReady.resolve);
      gone.set(number, isGone.resolve);
      const kill = async () => {
        ask({ kill: number });
        await isGone.promise;
      };
      ask({ start: number, command, args, env, ready: pattern.source });
      void isGone.promise.then((output) =>
        isReady.reject(new Error(`${command} ended before it was ready. ${output}`.trim())),
      );
      const timer = setTimeout(
        () => isReady.reject(new Error(`${command} was not ready after ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );
      try {
        return { said: await isReady.promise, gone: isGone.promise, kill };
      } catch (error) {
        await kill();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },

    async stop() {
      keeper.stdin.end();
      await ended;
    },
  };
}
