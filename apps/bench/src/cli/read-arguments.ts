import { parseArgs } from 'node:util';
import type { Scale } from '../harness/workload.ts';

/** What the command line asks for. */
export interface Arguments {
  /** Words of which one must be part of a workload's name. Empty: all workloads. */
  readonly filters: readonly string[];
  /** Words of which one must be part of a subject's id or be its kind. Empty: all subjects. */
  readonly subjects: readonly string[];
  readonly scale: Scale;
  readonly runs: number;
  readonly warmUps: number;
  /** Folder that the results are written to. Undefined: the default one. */
  readonly out?: string;
  /** A further file for the JSON. */
  readonly json?: string;
  /** Folder on a disk that stores are made in. Undefined: the system's temporary folder. */
  readonly folder?: string;
  /** Folder in memory that stores are made in. Undefined: `/dev/shm` where it is one, else the folder on the disk. */
  readonly memoryFolder?: string;
  /** Processors that subjects may run on, as `taskset` names them. */
  readonly processors?: string;
  readonly isReference: boolean;
  readonly isList: boolean;
  readonly isHelp: boolean;
}

export const HELP = `pnpm bench [filter …] [options]

  filter                the beginning of workloads' names, or a part of them; several may be given
  --subjects <a,b>      only these subjects: parts of ids, or raw, granary, peer
  --quick               small sizes and 3 runs, for a look while working
  --tiny                the smallest sizes, to see that everything works
  --runs <n>            measured rounds (default 7; 3 with --quick, 1 with --tiny)
  --json <file>         writes the JSON to this file, too
  --out <folder>        where results go (default apps/bench/results/local)
  --reference           writes apps/bench/RESULTS.md, too; of a part, RESULTS-<filters>.md
  --folder <folder>     a folder on the disk to measure (default: the system's temporary folder)
  --memory <folder>     a folder in memory (default: /dev/shm where it is one, else the disk)
  --cpus <list>         processors for the measured processes, as taskset names them
  --list                lists the workloads and their subjects
  --help`;

const DEFAULT_RUNS: Readonly<Record<Scale, number>> = { full: 7, quick: 3, tiny: 1 };
const WARM_UPS: Readonly<Record<Scale, number>> = { full: 3, quick: 1, tiny: 0 };
/** Fewer rounds than this say nothing about spread. */
const MIN_FULL_RUNS = 7;

/** Reads the command line. Errors: a `TypeError` that says what is wrong with it. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      runs: { type: 'string' },
      subjects: { type: 'string' },
      json: { type: 'string' },
      out: { type: 'string' },
      folder: { type: 'string' },
      memory: { type: 'string' },
      cpus: { type: 'string' },
      reference: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.quick && values.tiny) throw new TypeError('Give --quick or --tiny, not both.');
  const scale = values.tiny ? 'tiny' : values.quick ? 'quick' : 'full';
  const { json, out, folder, memory, cpus } = values;
  return {
    filters: positionals,
    subjects: values.subjects?.split(',').filter((word) => word !== '') ?? [],
    scale,
    runs: readRuns(values.runs, scale),
    warmUps: WARM_UPS[scale],
    ...(json !== undefined && { json }),
    ...(out !== undefined && { out }),
    ...(folder !== undefined && { folder }),
    ...(memory !== undefined && { memoryFolder: memory }),
    ...(cpus !== undefined && { processors: cpus }),
    isReference: values.reference,
    isList: values.list,
    isHelp: values.help,
  };
}

function readRuns(text: string | undefined, scale: Scale): number {
  if (text === undefined) return DEFAULT_RUNS[scale];
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new TypeError(`--runs takes a whole number from 1, not "${text}".`);
  }
  if (scale === 'full' && runs < MIN_FULL_RUNS) {
    throw new TypeError(
      `A full benchmark takes at least ${MIN_FULL_RUNS} runs, not ${runs}. Add --quick for a look while working.`,
    );
  }
  return runs;
}
