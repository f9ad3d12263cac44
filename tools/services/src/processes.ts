import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;
const KEPT_OUTPUT_CHARS = 4000;

/** Where a group's programs run. */
export interface ProcessGroupOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Programs that start and end together. */
export interface ProcessGroup {
  /** Runs a program to its end and returns what it printed. Rejects with its output when it fails. */
  run(command: string, args: readonly string[], input?: string): Promise<string>;
  /** Starts a program that stays. */
  start(command: string, args: readonly string[]): void;
  /** Asks until `isReady` says yes. Rejects when a program has ended or time is over. */
  until(what: string, isReady: () => Promise<boolean>, timeoutMs: number): Promise<void>;
  /** Resolves with a sentence when one of the programs that stay has ended. */
  readonly ended: Promise<string>;
  /** Ends all of them and waits until they are gone. */
  stop(): Promise<void>;
}

/**
 * Runs the programs of one server. They are ended with SIGKILL: what they hold lives in memory and in
 * a temporary folder, so there is nothing to put in order.
 */
export function processGroup({ cwd, env = process.env }: ProcessGroupOptions): ProcessGroup {
  const running = new Map<ChildProcess, Promise<unknown>>();
  const { promise: ended, resolve: tellEnd } = Promise.withResolvers<string>();
  let end: string | undefined;
  let isStopping = false;

  function open(command: string, args: readonly string[]) {
    const child = spawn(command, args, { cwd, env, stdio: 'pipe' });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // A program that ends before it has read its input breaks the pipe; its exit code tells why.
    child.stdin.on('error', () => undefined);
    const closed = once(child, 'close').then(
      ([code, signal]) => ({ code, signal, output }),
      (error: Error) => ({ code: null, signal: null, output: error.message }),
    );
    running.set(child, closed);
    void closed.then(() => running.delete(child));
    return { child, closed };
  }

  return {
    async run(command, args, input = '') {
      const { child, closed } = open(command, args);
      child.stdin.end(input);
      const { code, signal, output } = await closed;
      if (code === 0) return output;
      throw new Error(`${command} ended with ${code ?? signal ?? 'an error'}: ${output.trim()}`);
    },

    start(command, args) {
      const { child, closed } = open(command, args);
      child.stdin.end();
      void closed.then(({ code, signal, output }) => {
        if (isStopping) return;
        end ??= `${command} ended with ${code ?? signal ?? 'an error'}. ${output.trim()}`.trim();
        tellEnd(end);
      });
    },

    async until(what, isReady, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        if (end !== undefined) throw new Error(end);
        if (await isReady()) return;
        if (performance.now() > deadline) {
          throw new Error(`${what} was not ready after ${timeoutMs / 1000} s.`);
        }
        await delay(POLL_MS);
      }
    },

    ended,

    async stop() {
      isStopping = true;
      const gone = [...running.values()];
      for (const child of running.keys()) child.kill('SIGKILL');
      await Promise.all(gone);
    },
  };
}
