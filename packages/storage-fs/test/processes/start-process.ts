import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** What a worker tells the test. */
export interface Message {
  readonly is: string;
  readonly value?: unknown;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to its standard error. */
  readonly complaints: string;
}

/** A worker in a process of its own. It is killed at the end of the test if it still runs. */
export interface RunningProcess {
  readonly pid: number | undefined;
  /** The value of the first message of this kind. Fails when the process ends without it. */
  told(is: string): Promise<unknown>;
  tell(is: string, value?: unknown): void;
  /** Ends it as a power switch would: it gets no chance to do anything. */
  kill(): void;
  readonly ended: Promise<Ending>;
}

export interface ProcessOptions {
  /** The most files that the process may have open. Default: as many as the test. */
  readonly maxOpenFiles?: number;
  /** More options for Node. */
  readonly nodeOptions?: readonly string[];
}

/** Runs a worker script of this folder from its source. */
export function startProcess(
  script: string,
  settings: object,
  { maxOpenFiles, nodeOptions = [] }: ProcessOptions = {},
): RunningProcess {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const node = [process.execPath, '--conditions', '@granary/source', ...nodeOptions];
  const command = [...node, file, JSON.stringify(settings)];
  const limited = ['sh', '-c', `ulimit -n ${maxOpenFiles} && exec "$@"`, 'sh', ...command];
  const [program = '', ...rest] = maxOpenFiles === undefined ? command : limited;
  const child: ChildProcess = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });

  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  let complaints = '';
  let ending: Ending | undefined;

  function notify(): void {
    for (const look of waiting) look();
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  child.on('message', (message) => {
    messages.push(message as Message);
    notify();
  });
  const ended = new Promise<Ending>((resolve) => {
    // After it nothing comes any more, neither messages nor complaints.
    child.on('close', (code, signal) => {
      ending = { code, signal, complaints };
      notify();
      resolve(ending);
    });
  });
  onTestFinished(() => {
    if (ending === undefined) child.kill('SIGKILL');
  });

  return {
    pid: child.pid,
    ended,
    told: (is) =>
      new Promise((resolve, reject) => {
        function look(): void {
          const message = messages.find((other) => other.is === is);
          if (message === undefined && ending === undefined) return;
          waiting.delete(look);
          if (message !== undefined) resolve(message.value);
          else reject(new Error(`${script} ended: ${JSON.stringify(ending, undefined, 2)}`));
        }
        waiting.add(look);
        look();
      }),
    tell: (is, value) => void child.send({ is, value }, () => {}),
    kill: () => void child.kill('SIGKILL'),
  };
}
