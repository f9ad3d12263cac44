import type { ServerFacts } from './servers.ts';
import type { Better } from './statistics.ts';
import type { Subject } from './subject.ts';

/** `full` is for figures to quote, `quick` for a look while working, `tiny` for tests. */
export type Scale = 'full' | 'quick' | 'tiny';

export type Unit = 'ops/s' | 'MiB/s' | 'keys/s' | 'ms' | 'ns/op' | 'bytes' | 'x' | 'calls';

/**
 * Where a subject's files are. `memory` is a file system in memory, where nothing but the calls
 * and what stands above them takes time; `disk` is where syncing means something.
 */
export type Place = 'disk' | 'memory';

/** How results are shown: a table of subjects for each metric, or one of metrics by subjects for each unit. */
export type Layout = 'list' | 'matrix';

/** One number that a workload measures. */
export interface Metric {
  readonly title: string;
  readonly unit: Unit;
  readonly better: Better;
}

/** What one run measured, by metric: a value, or the times of single operations. */
export type Readings = Readonly<Record<string, number | readonly number[]>>;

/** One subject, set up for one workload. */
export interface Session {
  /** Fails when the subject does not do what is about to be measured. Called once, before any run. */
  verify(): Promise<void>;
  /** Does the work once. Only what it times itself counts. */
  run(round: number): Promise<Readings>;
  close(): Promise<void>;
}

/** Where a session works. */
export interface SessionPlace {
  /** An empty folder of this subject alone. */
  readonly folder: string;
  /** What `prepare` left, for all subjects. On the disk. */
  readonly shared: string;
  readonly scale: Scale;
  /** What a client of the workload's server has to know, where it needs one. */
  readonly server?: ServerFacts;
}

/** Who cannot be measured, and why. */
export interface LeftOut {
  readonly title: string;
  readonly reason: string;
}

/** How often a workload's subjects are measured. */
export interface Rounds {
  readonly warmUps: number;
  readonly runs: number;
  /** Longest time that one subject has for its measured runs, where that is less than the run allows. Units: ms. */
  readonly laneBudgetMs?: number;
}

/** Something to measure, and who is measured. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What exactly is done, in one or two sentences. */
  readonly about: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly subjects: readonly Subject[];
  /** Each subject runs in a process of its own, which is what memory is measured in. */
  readonly isolated: boolean;
  /** Measured once, without warming up: the answer does not vary. */
  readonly exact: boolean;
  /** The server that its subjects talk to: started once for all workloads that name it. */
  readonly server?: string;
  /** At most so many rounds, for a workload whose rounds take long. */
  readonly rounds?: Rounds;
  /** Who cannot be measured, and why. */
  readonly leftOut?: readonly LeftOut[];
  readonly layout?: Layout;
  placeOf(subject: Subject): Place;
  /** Subjects of one group give the same guarantees, and only they are compared. */
  groupOf(subject: Subject): string;
  /** Makes what all subjects read, such as a large file. */
  prepare?(place: Omit<SessionPlace, 'folder'>): Promise<void>;
  /** Removes what `prepare` and the subjects have left on the server. */
  cleanUp?(place: Omit<SessionPlace, 'folder'>): Promise<void>;
  start(subject: Subject, place: SessionPlace): Promise<Session>;
}

/** A workload whose subjects are all of one kind. */
export interface WorkloadDefinition<Kind extends Subject> {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly subjects: readonly Kind[];
  /** Default: true. */
  readonly isolated?: boolean;
  /** Default: false. */
  readonly exact?: boolean;
  /** Default: none. */
  readonly server?: string;
  /** Default: those of the run. */
  readonly rounds?: Rounds;
  /** Default: nobody. */
  readonly leftOut?: readonly LeftOut[];
  /** Default: `list`. */
  readonly layout?: Layout;
  /** Default: the disk. */
  placeOf?(subject: Kind): Place;
  /** Default: the durability class. */
  groupOf?(subject: Kind): string;
  prepare?(place: Omit<SessionPlace, 'folder'>): Promise<void>;
  cleanUp?(place: Omit<SessionPlace, 'folder'>): Promise<void>;
  start(subject: Kind, place: SessionPlace): Promise<Session>;
}

/** Returns a workload. Errors: a `TypeError` when a subject occurs twice. */
export function defineWorkload<Kind extends Subject>(
  definition: WorkloadDefinition<Kind>,
): Workload {
  const { groupOf = ({ durability }: Kind): string => durability ?? 'all' } = definition;
  const { placeOf = (): Place => 'disk' } = definition;
  const subjects = new Map(definition.subjects.map((subject) => [subject.id, subject]));
  if (subjects.size !== definition.subjects.length) {
    throw new TypeError(`The workload "${definition.name}" has a subject twice.`);
  }
  const known = (subject: Subject): Kind => {
    const found = subjects.get(subject.id);
    if (found !== undefined) return found;
    throw new TypeError(`The workload "${definition.name}" has no subject "${subject.id}".`);
  };
  return {
    isolated: true,
    exact: false,
    ...definition,
    groupOf: (subject) => groupOf(known(subject)),
    placeOf: (subject) => placeOf(known(subject)),
    start: async (subject, place) => definition.start(known(subject), place),
  };
}
