import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Whether the process that holds a lock still runs. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/**
 * Names this process so that others can tell whether it still runs: its number, when it started, and
 * the machine with its start and its container.
 */
export async function ownName(pid: number = process.pid): Promise<string> {
  return [pid.toString(36), (await startOf(pid)) ?? '', await machine()].join('-');
}

/** `unknown` for a process of another machine, of another container or of an earlier start. */
export async function livenessOf(name: string): Promise<Liveness> {
  const [number = '', start = '', where] = name.split('-');
  const pid = Number.parseInt(number, 36);
  if (!(pid > 0) || where !== (await machine())) return 'unknown';
  const now = await startOf(pid);
  // The same number with another start is another process.
  return now !== undefined && now === start ? 'alive' : 'dead';
}

async function machine(): Promise<string> {
  const facts = [hostname()];
  for (const fact of await Promise.allSettled([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/pid'),
  ])) {
    // Linux alone has them.
    if (fact.status === 'fulfilled') facts.push(fact.value);
  }
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 10);
}

/** When a process started; empty where the system does not tell; `undefined` where there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  if (!isThere(pid)) return undefined;
  try {
    // proc_pid_stat(5), read 2026-11-21: after the name in brackets, the state (3) and, as field 22, the start.
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Killed, and not yet collected by its parent.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return Number(fields[19]).toString(36);
  } catch {
    return '';
  }
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
