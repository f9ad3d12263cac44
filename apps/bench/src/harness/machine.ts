import { statfs } from 'node:fs/promises';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Place } from './workload.ts';

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  /** Units: bytes. */
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Kinds of the file systems that the stores were in. */
  readonly fileSystems: Readonly<Record<Place, string>>;
  /** Mean number of programs that wanted to run in the last minute, before the benchmark began. */
  readonly loadBefore: number;
}

/** Magic numbers of the file systems that benchmarks usually meet: linux/magic.h. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  26: 'apfs',
};

/** Describes this machine and the file systems that folders are in. */
export async function describeMachine(folders: Readonly<Record<Place, string>>): Promise<Machine> {
  const [disk, memory] = await Promise.all([kindOf(folders.disk), kindOf(folders.memory)]);
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    fileSystems: { disk, memory },
    loadBefore: loadavg()[0] ?? 0,
  };
}

const MEMORY_FOLDER = '/dev/shm';
const NEEDED_MEMORY_BYTES = 6 * 1024 ** 3;

/** A folder in a file system that is in memory, with room enough. Undefined where there is none. */
export async function findMemoryFolder(
  folder: string = MEMORY_FOLDER,
): Promise<string | undefined> {
  try {
    const { type, bavail, bsize } = await statfs(folder);
    const isFit = FILE_SYSTEMS[type] === 'tmpfs' && bavail * bsize >= NEEDED_MEMORY_BYTES;
    return isFit ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function kindOf(folder: string): Promise<string> {
  const { type } = await statfs(folder);
  return FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`;
}

/** Time that all processors together spent since the machine started. Units: ms. */
export interface ProcessorTime {
  readonly busy: number;
  /** Busy and idle. */
  readonly total: number;
}

/** Reads the processors' clocks. */
export function processorTime(): ProcessorTime {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const inUse = times.user + times.nice + times.sys + times.irq;
    busy += inUse;
    total += inUse + times.idle;
  }
  return { busy, total };
}
