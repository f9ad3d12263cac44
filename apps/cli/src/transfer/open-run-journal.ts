import { join } from 'node:path';
import { formatStorageUrl } from '@granary/storage-core/provider';
import type { CommandContext } from '../command.ts';
import { type Place, urlOf } from '../places/parse-place.ts';
import { type Journal, openJournal } from './journal.ts';
import { stateFolder } from './state-folder.ts';

/** Opens the journal of a command that copies from some places to another. */
export async function openRunJournal(
  { host, output }: CommandContext,
  run: {
    readonly action: string;
    readonly sources: readonly Place[];
    readonly target: Place;
    /** Options that make another copy of the same objects. */
    readonly variant: string;
    readonly restart: boolean;
  },
): Promise<Journal> {
  const folder = join(stateFolder(host), 'transfers');
  const name = (place: Place): string => `${place.config ?? ''}${formatStorageUrl(urlOf(place))}`;
  const scope = {
    source: [run.action, run.variant, ...run.sources.map(name)].join(' '),
    target: name(run.target),
  };
  const owner = { pid: host.pid, isRunning, now: host.now };
  return openJournal(folder, scope, owner, {
    restart: run.restart,
    onProblem: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      output
        .note(`Cannot keep a journal (${reason}); if interrupted, the copy starts anew.`)
        .catch(() => {});
    },
  });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
