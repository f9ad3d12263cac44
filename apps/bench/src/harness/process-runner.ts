import { type ChildProcess, fork } from 'node:child_process';
import type { Resources, Runner } from './runner.ts';
import type { Subject } from './subject.ts';
import type { WorkerReply, WorkerRequest } from './worker-protocol.ts';
import type { Readings, SessionPlace, Workload } from './workload.ts';

/** How the processes of subjects are started. */
export interface ProcessSettings {
  /** The module that answers requests. */
  readonly module: string;
  /** How long one request may take. Units: ms. */
  readonly timeoutMs: number;
  /** Folder that compiled code is kept in, so that a process starts in half the time. */
  readonly codeFolder: string;
  /** Processors that a subject may run on, as `taskset` names them. Default: all. */
  readonly processors?: string;
}

/** So much of what a process writes is kept to tell why it ended. Units: characters. */
const MAX_SAID = 4000;

type Call = WorkerRequest extends infer Request
  ? Request extends WorkerRequest
    ? Omit<Request, 'id'>
    : never
  : never;

interface Waiting {
  readonly id: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Runs a subject in a process of its own, with production settings and a collector that can be called. */
export function processRunner(
  workload: Workload,
  subject: Subject,
  place: SessionPlace,
  settings: ProcessSettings,
): Runner {
  const { module, timeoutMs, codeFolder, processors } = settings;
  let child: ChildProcess | undefined;
  let waiting: Waiting | undefined;
  let lastId = 0;

  const fail = (message: string) => {
    waiting?.reject(new Error(`${workload.name}, ${subject.id}: ${message}`));
    waiting = undefined;
  };

  function start(): ChildProcess {
    const flags = [...process.execArgv, '--expose-gc'];
    const started = fork(module, {
      env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: codeFolder },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(processors === undefined
        ? { execArgv: flags }
        : { execPath: 'taskset', execArgv: ['-c', processors, process.execPath, ...flags] }),
    });
    started.on('message', (reply: WorkerReply) => {
      if (waiting === undefined || reply.id !== waiting.id) return;
      const { resolve, reject } = waiting;
      waiting = undefined;
      if ('error' in reply) reject(new Error(reply.error));
      else resolve(reply.value);
    });
    started.on('error', (error) => {
      child = undefined;
      started.kill('SIGKILL');
      fail(`the process cannot be reached: ${error.message}`);
    });
    let said = '';
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MAX_SAID);
    });
    // After its output has come, unlike `exit`.
    started.on('close', (code, signal) => {
      child = undefined;
      const [error = ''] = /^\S*(?:Error|failed)\b.*$/m.exec(said) ?? [];
      fail(`the process ended early (${signal ?? `exit code ${code}`}). ${error}`.trimEnd());
    });
    return started;
  }

  async function ask(call: Call): Promise<unknown> {
    const asked = child;
    if (asked === undefined) throw new Error(`${subject.id} has no process any more.`);
    const id = ++lastId;
    const timer = setTimeout(() => {
      asked.kill('SIGKILL');
      child = undefined;
      fail(`no answer to "${call.call}" within ${timeoutMs / 1000} s.`);
    }, timeoutMs);
    try {
      return await new Promise((resolve, reject) => {
        waiting = { id, resolve, reject };
        asked.send({ id, ...call });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async open() {
      child = start();
      await ask({ call: 'open', workload: workload.name, subject: subject.id, place });
    },
    async run(round) {
      return (await ask({ call: 'run', round })) as Readings;
    },
    async close() {
      const open = child;
      if (open === undefined) return undefined;
      const ended = new Promise((resolve) => open.once('close', resolve));
      try {
        return (await ask({ call: 'close' })) as Resources | undefined;
      } finally {
        // A worker ends when it has answered; one that did not answer in time has been ended.
        await ended;
      }
    },
  };
}
