import { createHash, randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Whether the process behind a temporary file or a lock still runs. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** The name of one storage of one process, for the names of its temporary files and its locks. */
export interface Owner {
  /** Letters, digits and hyphens. */
  readonly id: string;
  /** Tells of any owner by its id; `unknown` for one on another machine or in another container. */
  livenessOf(id: string): Promise<Liveness>;
}

/** What the system knows of processes. */
export interface Processes {
  /** Names the machine, its start and the container in which process numbers mean something. */
  machine(): Promise<string>;
  /** When a process started; `undefined` where there is none, empty where the system does not tell. */
  startOf(pid: number): Promise<string | undefined>;
}

/** Describes this process so that others can tell whether it still runs. */
export async function describeOwner(
  processes: Processes = systemProcesses(),
  pid: number = process.pid,
): Promise<Owner> {
  const machine = createHash('sha256')
    .update(await processes.machine())
    .digest('hex')
    .slice(0, 10);
  const start = (await processes.startOf(pid)) ?? '';
  const storage = randomBytes(4).toString('hex');

  return {
    id: [pid.toString(36), start, machine, storage].join('-'),
    async livenessOf(id) {
      const [number = '', started = '', where] = id.split('-');
      const other = Number.parseInt(number, 36);
      if (where !== machine || !(other > 0)) return 'unknown';
      const now = await processes.startOf(other);
      // The same number with another start is another process.
      return now !== undefined && now === started ? 'alive' : 'dead';
    },
  };
}

/** Linux tells through /proc when a process started; elsewhere only whether it is there. */
function systemProcesses(platform: NodeJS.Platform = process.platform): Processes {
  const isLinux = platform === 'linux';
  return {
    async machine() {
      const parts = [hostname()];
      if (isLinux) {
        const facts = [
          readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
          readlink('/proc/self/ns/pid'),
        ];
        for (const fact of await Promise.allSettled(facts)) {
          if (fact.status === 'fulfilled') parts.push(fact.value);
        }
      }
      return parts.join('\n');
    },

    async startOf(pid) {
      if (!isThere(pid)) return undefined;
      if (!isLinux) return '';
      try {
        // proc_pid_stat(5): the name in brackets may hold anything; after it come the state (3)
        // and, as field 22, the start in clock ticks since boot.
        const text = await readFile(`/proc/${pid}/stat`, 'latin1');
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
        const [state = ''] = fields;
        // A process that was killed and not yet collected by its parent runs no more.
        if (state === 'Z' || state === 'X') return undefined;
        return Number(fields[19]).toString(36);
      } catch {
        return isThere(pid) ? '' : undefined;
      }
    },
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
