import { list, member, NO_EXTRAS, only, struct, text, whole } from './check-fields.ts';
import type { Entry, StoredFile } from './dropbox-state.ts';
import { metadataOf, timestamp, untagged } from './metadata.ts';
import { lowerOf, pathProblem } from './paths.ts';
import { Refusal, routeError, type Tagged, tagged } from './refusal.ts';
import { type Call, json, type Routes } from './request.ts';

/** Where a path leads. Errors: those of `LookupError`, given to `wrap`. */
export function lookUp({ state }: Call, path: string, wrap: (error: Tagged) => Tagged): Entry {
  if (path.startsWith('rev:')) {
    const revision = state.revisions.get(path.slice('rev:'.length));
    if (revision === undefined) throw routeError(wrap(tagged('not_found')));
    return revision;
  }
  if (path.startsWith('id:')) {
    const found = [...state.entries.values()].find(({ id }) => id === path);
    if (found === undefined) throw routeError(wrap(tagged('not_found')));
    return found;
  }
  if (path === '' || pathProblem(path) === 'malformed_path') {
    throw routeError(wrap(tagged('malformed_path')));
  }
  const found = state.find(path);
  if (found === undefined) throw routeError(wrap(tagged('not_found')));
  return found;
}

/** Refuses a path that nothing can be written to. */
export function checkWritePath(path: string, wrap: (error: Tagged) => Tagged): void {
  const problem = path === '' ? 'malformed_path' : pathProblem(path);
  if (problem !== undefined) throw routeError(wrap(tagged(problem)));
}

/** An error inside a member of a union. */
export function inside(member: string): (error: Tagged) => Tagged {
  return (error) => ({ '.tag': member, [member]: error });
}

const relocation = {
  'from_path!': text('WritePathOrId'),
  'to_path!': text('WritePathOrId'),
  autorename: only(false),
};

const deletion = { 'path!': text('WritePathOrId'), parent_rev: text('Rev') };

/** Metadata, deletes, copies, moves, revisions. */
export const fileRoutes: Routes = {
  'files/get_metadata': {
    host: 'api',
    style: 'rpc',
    scope: 'files.metadata.read',
    fields: { 'path!': text('ReadPath'), ...NO_EXTRAS },
    answer: (call) => json(metadataOf(lookUp(call, String(call.arg['path']), inside('path')))),
  },
  'files/delete_v2': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: deletion,
    answer: (call) => json({ metadata: metadataOf(deleteEntry(call, call.arg)) }),
  },
  'files/permanently_delete': {
    host: 'api',
    style: 'rpc',
    scope: 'files.permanent_delete',
    fields: deletion,
    answer(call) {
      // "This endpoint is only available for Dropbox Business apps."
      if (!call.settings.isTeam) {
        throw new Refusal(403, 'invalid_account_type/endpoint/', {
          '.tag': 'invalid_account_type',
          invalid_account_type: { '.tag': 'endpoint' },
        });
      }
      const gone = deleteEntry(call, call.arg);
      for (const revision of call.state.revisions.values()) {
        if (lowerOf(revision.path) === lowerOf(gone.path))
          call.state.revisions.delete(revision.rev);
      }
      return json(null);
    },
  },
  'files/delete_batch': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: { 'entries!': list(struct(deletion), 1000) },
    answer(call) {
      const entries = call.arg['entries'] as readonly Readonly<Record<string, unknown>>[];
      const done = () => ({ entries: entries.map((entry) => deletedEntry(call, entry)) });
      if (entries.length <= call.settings.syncDeletes)
        return json({ '.tag': 'complete', ...done() });
      const id = `dbjid:${crypto.randomUUID()}`;
      const { checksOfJobs } = call.settings;
      jobsOf(call).set(id, { left: checksOfJobs, done });
      return json({ '.tag': 'async_job_id', async_job_id: id });
    },
  },
  'files/delete_batch/check': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: { 'async_job_id!': text('AsyncJobId') },
    answer(call) {
      const job = jobsOf(call).get(String(call.arg['async_job_id']));
      if (job === undefined) throw routeError(tagged('invalid_async_job_id'));
      if (job.left > 0) {
        job.left -= 1;
        return json({ '.tag': 'in_progress' });
      }
      job.result ??= job.done();
      return json({ '.tag': 'complete', ...job.result });
    },
  },
  'files/copy_v2': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: relocation,
    answer: (call) => json({ metadata: metadataOf(relocate(call, 'copy')) }),
  },
  'files/move_v2': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: relocation,
    answer: (call) => json({ metadata: metadataOf(relocate(call, 'move')) }),
  },
  'files/create_folder_v2': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: { 'path!': text('WritePath') },
    answer(call) {
      const path = String(call.arg['path']);
      checkWritePath(path, inside('path'));
      return json({ metadata: untagged(call.state.makeFolder(path, inside('path'))) });
    },
  },
  'files/list_revisions': {
    host: 'api',
    style: 'rpc',
    scope: 'files.metadata.read',
    fields: {
      'path!': text('PathOrId'),
      mode: member('path'),
      limit: whole(1, 100),
      before_rev: text('Rev'),
    },
    answer(call) {
      const { path, limit = 10, before_rev: before } = call.arg;
      const lower = lowerOf(String(path));
      const current = call.state.entries.get(lower);
      if (current?.kind === 'folder') throw routeError(tagged('path', 'not_file'));
      const all = revisionsOf(call, lower);
      if (all.length === 0) throw routeError(tagged('path', 'not_found'));
      const from = before === undefined ? 0 : all.findIndex(({ rev }) => rev === before) + 1;
      if (before !== undefined && from === 0) throw routeError(tagged('invalid_before_rev'));
      const entries = all.slice(from, from + Number(limit));
      return json({
        is_deleted: current === undefined,
        ...(current === undefined && { server_deleted: timestamp(call.state.now()) }),
        entries: entries.map(untagged),
        has_more: from + entries.length < all.length,
      });
    },
  },
  'files/restore': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: { 'path!': text('WritePath'), 'rev!': text('Rev') },
    answer(call) {
      const path = String(call.arg['path']);
      checkWritePath(path, inside('path_write'));
      const revision = call.state.revisions.get(String(call.arg['rev']));
      if (revision === undefined || lowerOf(revision.path) !== lowerOf(path)) {
        throw routeError(tagged('invalid_revision'));
      }
      const { content } = revision;
      const commit = {
        path,
        content,
        mode: 'overwrite',
        strict: false,
        autorename: false,
      } as const;
      return json(untagged(call.state.write(commit, inside('path_write'))));
    },
  },
};

interface Job {
  left: number;
  done(): object;
  result?: object;
}

function jobsOf({ state }: Call): Map<string, Job> {
  return state.shelf<Job>('jobs');
}

/** Deletes what is at a path, and all below it. */
function deleteEntry(
  call: Call,
  { path, parent_rev: rev }: Readonly<Record<string, unknown>>,
): Entry {
  const entry = lookUp(call, String(path), inside('path_lookup'));
  if (rev !== undefined && (entry.kind === 'folder' || entry.rev !== rev)) {
    throw routeError({ '.tag': 'path_write', path_write: tagged('conflict', entry.kind) });
  }
  call.state.remove(entry);
  return entry;
}

function deletedEntry(call: Call, entry: Readonly<Record<string, unknown>>): object {
  try {
    return { '.tag': 'success', metadata: metadataOf(deleteEntry(call, entry)) };
  } catch (error) {
    if (error instanceof Refusal && error.error !== undefined) {
      return { '.tag': 'failure', failure: error.error };
    }
    throw error;
  }
}

function relocate(call: Call, how: 'copy' | 'move'): Entry {
  const { from_path: from, to_path: to } = call.arg;
  const source = lookUp(call, String(from), inside('from_lookup'));
  const target = String(to);
  checkWritePath(target, inside('to'));
  if (lowerOf(source.path) === lowerOf(target))
    throw routeError(tagged('duplicated_or_nested_paths'));
  return call.state.relocate(source, target, how, inside('to'));
}

function revisionsOf({ state }: Call, lower: string): readonly StoredFile[] {
  return [...state.revisions.values()].filter(({ path }) => lowerOf(path) === lower).reverse();
}
