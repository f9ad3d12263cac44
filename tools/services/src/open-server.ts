import { constants } from 'node:fs';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { processGroup } from './processes.ts';
import type { Server, ServerFacts } from './servers/server.ts';

const LOG_LINES = 12;

/** A server whose programs are children of this process. */
export interface OpenServer {
  readonly facts: ServerFacts;
  /** Resolves with a sentence when a program of it has ended by itself. */
  readonly ended: Promise<string>;
  /** Ends its programs, waits until they are gone, and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server in a temporary folder of its own. Leaves nothing behind when it cannot start. */
export async function openServer(
  server: Server,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OpenServer> {
  await checkPrograms(server, env);
  const folder = await mkdtemp(join(tmpdir(), 'granary-service-'));
  const processes = processGroup({ cwd: folder, env });
  const stop = async () => {
    await processes.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    return { facts: await server.start(folder, processes), ended: processes.ended, stop };
  } catch (cause) {
    await processes.stop();
    const lines = server.logs === undefined ? [] : await lastLines(join(folder, server.logs));
    await stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error([`${server.title} did not start. ${reason}`, ...lines].join('\n'), { cause });
  }
}

async function checkPrograms(server: Server, env: NodeJS.ProcessEnv): Promise<void> {
  const { title, programs = [], packages = [] } = server;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(
    programs.map(async (program) => {
      const tries = folders.map((folder) => access(join(folder, program), constants.X_OK));
      return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
    }),
  );
  const missing = programs.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  throw new Error(
    `${title} needs ${missing.join(', ')}, not found on the path. On Debian and Ubuntu:\n` +
      `  apt-get install -y --no-install-recommends ${packages.join(' ')}`,
  );
}

/** The last lines of each log, under the log's name. */
async function lastLines(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const logs = await Promise.all(
    names.toSorted().map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      const lines = text.trimEnd().split('\n').slice(-LOG_LINES);
      return lines.map((line) => `${name}: ${line}`);
    }),
  );
  return logs.flat();
}
