import { createHash, randomUUID } from 'node:crypto';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

/** An object that the run has copied: which write of the source became which write of the target. */
export interface DoneEntry {
  readonly source: string;
  readonly target: string;
}

/** An upload that was begun: which write of the source it is of, and how it is cut. */
export interface SessionEntry {
  readonly source: string;
  readonly token: string;
  /** Units: bytes. */
  readonly partBytes: number;
}

/** What a copy leaves behind for the next run of the same copy. */
export interface Journal {
  /** What an earlier run did, by target key. */
  readonly earlier: ReadonlyMap<string, DoneEntry>;
  session(key: string): SessionEntry | undefined;
  recordDone(key: string, entry: DoneEntry): Promise<void>;
  recordSession(key: string, entry: SessionEntry | undefined): Promise<void>;
  /** Forgets it all: the copy is complete. */
  finish(): Promise<void>;
}

/** What tells one copy from another. */
export interface JournalScope {
  readonly source: string;
  readonly target: string;
}

interface Line {
  readonly key: string;
  readonly done?: DoneEntry;
  readonly session?: SessionEntry | null;
}

/** A journal that nobody came back for is swept after this long. */
const SWEEP_AFTER_MS = 30 * 24 * 60 * 60 * 1000;
/** Holds tokens of uploads, which let others write: readable by its owner alone. */
const OWNER_ONLY = 0o600;

/** What a run knows of the process that it is. */
export interface JournalOwner {
  readonly pid: number;
  /** Whether another process is running still. */
  isRunning(pid: number): boolean;
  readonly now: () => number;
}

export interface JournalOptions {
  /** Forgets what earlier runs did; their uploads are of no use but to be ended. */
  readonly restart: boolean;
  /** Hears once when the journal cannot be written. The copy goes on; only resuming it suffers. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Opens the journal of a copy in `folder` and takes over what runs that ended early left there.
 * A run that is still going keeps its own; both then copy, and neither harms the other.
 * Nothing is written before there is something to write.
 */
export async function openJournal(
  folder: string,
  scope: JournalScope,
  owner: JournalOwner,
  options: JournalOptions,
): Promise<Journal> {
  const digest = createHash('sha256').update(JSON.stringify(scope)).digest('hex').slice(0, 32);
  const newPath = (): string => join(folder, `${digest}.${owner.pid}.${randomUUID()}.ndjson`);

  const earlier = new Map<string, DoneEntry>();
  const sessions = new Map<string, SessionEntry>();
  const claimed = await claim(folder, digest, newPath, owner);
  for (const { text } of claimed) readJournal(text, earlier, sessions);
  if (options.restart) {
    earlier.clear();
    // Of no write of any source, so that whoever asks for it ends it and begins anew.
    for (const [key, session] of sessions) sessions.set(key, { ...session, source: '' });
  }
  const path = newPath();
  let creating: Promise<void> | undefined;
  let hasProblem = false;

  async function create(): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path, compact(earlier, sessions), { mode: OWNER_ONLY });
    await Promise.all(claimed.map((journal) => remove(journal.path)));
    await sweep(folder, owner.now());
  }

  async function append(line: Line): Promise<void> {
    try {
      creating ??= create();
      await creating;
      await appendFile(path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      if (!hasProblem) options.onProblem(error);
      hasProblem = true;
    }
  }

  return {
    earlier,
    session: (key) => sessions.get(key),
    recordDone: (key, done) => append({ key, done }),
    async recordSession(key, entry) {
      if (entry === undefined) sessions.delete(key);
      else sessions.set(key, entry);
      await append({ key, session: entry ?? null });
    },
    async finish() {
      await Promise.all([path, ...claimed.map((journal) => journal.path)].map(remove));
    },
  };
}

/** Takes the journals that runs which are over left, by renaming, so that only one run gets each. */
async function claim(
  folder: string,
  digest: string,
  newPath: () => string,
  owner: JournalOwner,
): Promise<{ readonly path: string; readonly text: string }[]> {
  const claimed: { readonly path: string; readonly text: string }[] = [];
  for (const file of await readdir(folder).catch(() => [])) {
    const [name, pid] = file.split('.');
    if (name !== digest || pid === undefined) continue;
    if (Number(pid) !== owner.pid && owner.isRunning(Number(pid))) continue;
    const path = newPath();
    try {
      await rename(join(folder, file), path);
    } catch {
      continue;
    }
    claimed.push({ path, text: await readFile(path, 'utf8') });
  }
  return claimed;
}

function readJournal(
  text: string,
  earlier: Map<string, DoneEntry>,
  sessions: Map<string, SessionEntry>,
): void {
  for (const line of text.split('\n')) {
    const entry = readLine(line);
    if (entry?.done !== undefined) {
      earlier.set(entry.key, entry.done);
      sessions.delete(entry.key);
    }
    if (entry?.session === null) sessions.delete(entry.key);
    else if (entry?.session !== undefined) sessions.set(entry.key, entry.session);
  }
}

/** Reads a line; one that the end of a process cut short is none. */
function readLine(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isLine = typeof value === 'object' && value !== null && 'key' in value;
    return isLine ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

function compact(
  earlier: ReadonlyMap<string, DoneEntry>,
  sessions: ReadonlyMap<string, SessionEntry>,
): string {
  const lines: Line[] = [
    ...[...earlier].map(([key, done]) => ({ key, done })),
    ...[...sessions].map(([key, session]) => ({ key, session })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Removes a file if it can: what stays is swept later. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}

async function sweep(folder: string, now: number): Promise<void> {
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > SWEEP_AFTER_MS) await remove(path);
  }
}
