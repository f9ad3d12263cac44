import { readdirSync, readFileSync } from 'node:fs';

/** One process as `/proc/<id>/stat` describes it: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export interface ProcessEntry {
  readonly id: number;
  readonly parentId: number;
  /** Time on a processor, its own and that of children that have ended. Units: ms. */
  readonly cpuMs: number;
}

/** Linux counts in hundredths of a second for programs, whatever the kernel does. */
const MS_PER_TICK = 10;

/**
 * Time that the living descendants of a process have run on a processor. Units: ms. Undefined where
 * the system does not tell.
 */
export function descendantsCpuMs(
  id: number,
  read: () => readonly ProcessEntry[] | undefined = processEntries,
): number | undefined {
  const entries = read();
  if (entries === undefined) return undefined;
  return descendantsOf(id, entries).reduce((total, { cpuMs }) => total + cpuMs, 0);
}

/** The processes below a process, at any depth. */
export function descendantsOf(id: number, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const children = Map.groupBy(entries, ({ parentId }) => parentId);
  const found: ProcessEntry[] = [];
  const visit = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      visit(child.id);
    }
  };
  visit(id);
  return found;
}

/** All processes. Undefined where the system does not tell. */
export function processEntries(folder = '/proc'): ProcessEntry[] | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`${folder}/${name}/stat`, 'latin1'))];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Reads the line of `stat`. The program's name, in parentheses, may hold spaces and parentheses. */
export function parseStat(line: string): ProcessEntry {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [, parentId] = fields;
  // utime, stime, cutime and cstime: fields 14 to 17, of which the first two are before the state.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { id: Number.parseInt(line, 10), parentId: Number(parentId), cpuMs: ticks * MS_PER_TICK };
}
