import { isStorageError, type ListItem } from '@granary/storage-core';
import type { ArgumentSpec, CommandContext } from '../command.ts';
import { usageError } from '../exit-codes.ts';
import type { KeyFilter } from '../places/glob-filter.ts';
import { isLocalFolder, lookUp, refuseDevice, requireTree } from '../places/look-up.ts';
import type { Spot } from '../places/open-places.ts';
import { below, isSameOrigin, nameOf, type Place } from '../places/parse-place.ts';
import type { CopyTask } from './copy-object.ts';
import type { Journal } from './journal.ts';
import { type DecisionRules, decide, planTree } from './plan-tree.ts';
import type { TransferItem } from './run-transfer.ts';

/** The words of a command that has sources and a target. */
export const TRANSFER_WORDS: readonly ArgumentSpec[] = [
  { name: 'place', description: 'objects or one folder, then where to', isVariadic: true },
];
export const TRANSFER_USAGE = '<source...> <target>';

/** What a command line with sources and a target asks for. */
export interface TransferRequest {
  readonly sources: readonly Place[];
  readonly target: Place;
  /** What there is at the only source; several are objects. */
  readonly kind: 'objects' | 'tree';
}

export interface TransferPlanSettings extends DecisionRules {
  readonly filter: KeyFilter;
  readonly journal: Journal | undefined;
}

/** Reads sources and a target, and finds out what they are. Errors: usage, `not-found`. */
export async function readRequest(
  { readPlace, places, signal }: CommandContext,
  words: readonly string[],
  options: { readonly recursive: boolean },
): Promise<TransferRequest> {
  const sources = await Promise.all(words.slice(0, -1).map(readPlace));
  const target = await readPlace(words.at(-1) ?? '');
  await refuseDevice(target);
  const [first] = sources;
  if (first === undefined) throw usageError('there is no target.', 'Name a source and a target.');
  if (sources.length > 1) {
    const folder = sources.find((source) => source.isFolder);
    if (folder !== undefined || options.recursive) {
      throw usageError(
        `${folder?.label ?? '-r'}: a folder goes alone.`,
        'Name one folder, or any number of objects.',
      );
    }
    return { sources, target: { ...target, isFolder: true }, kind: 'objects' };
  }
  const found = await lookUp(places, first, signal);
  if (found.kind === 'object') return { sources, target, kind: 'objects' };
  if (!options.recursive && !first.isFolder) {
    throw usageError(`${first.label} is a folder.`, `Add -r, or write ${first.label}/.`);
  }
  return { sources, target, kind: 'tree' };
}

/** Plans what goes where. */
export function planRequest(
  context: CommandContext,
  request: TransferRequest,
  settings: TransferPlanSettings,
): AsyncIterable<TransferItem> {
  return request.kind === 'tree'
    ? treeItems(context, request, settings)
    : objectItems(context, request, settings);
}

async function* treeItems(
  { places, signal }: CommandContext,
  { sources, target: targetPlace }: TransferRequest,
  settings: TransferPlanSettings,
): AsyncGenerator<TransferItem> {
  const [sourcePlace = targetPlace] = sources;
  if (isWithin(targetPlace, sourcePlace)) {
    throw usageError(
      `${targetPlace.label} is in ${sourcePlace.label}.`,
      'A folder cannot go into itself.',
    );
  }
  const [source, target] = await places.trees(sourcePlace, targetPlace);
  await Promise.all([source.store.ready({ signal }), target.store.ready({ signal })]);

  let isEmpty = true;
  for await (const item of planTree({ ...settings, source, target, signal })) {
    isEmpty = false;
    const { key, size, etag, decision } = item;
    yield {
      task: {
        from: { store: source.store, key: source.prefix + key },
        to: { store: target.store, key: target.prefix + key },
        size,
      },
      decision,
      sourceLabel: key,
      targetLabel: key,
      ...(etag === undefined ? {} : { entry: { key, source: etag } }),
    };
  }
  if (isEmpty) await requireTree(source, sourcePlace, signal);
}

async function* objectItems(
  context: CommandContext,
  { sources, target }: TransferRequest,
  settings: TransferPlanSettings,
): AsyncGenerator<TransferItem> {
  const { signal } = context;
  const isFolder = target.isFolder || (await isLocalFolder(target));
  for (const source of sources) {
    const end = isFolder ? below(target, nameOf(source)) : target;
    const labels = { sourceLabel: source.label, targetLabel: end.label };
    const task = await objectTask(context, source, end);
    try {
      const info = await task.from.store.stat(task.from.key, { signal });
      const needsTarget = settings.update || settings.ifAbsent;
      const other = needsTarget ? await statOf(task.to, signal) : undefined;
      const decision = decide({ ...info, kind: 'item' }, other, settings, undefined);
      yield { ...labels, task: { ...task, size: info.size }, decision };
    } catch (error) {
      if (sources.length === 1) throw error;
      yield { ...labels, task, decision: { action: 'fail', error } };
    }
  }
}

async function objectTask(
  { places, signal }: CommandContext,
  source: Place,
  target: Place,
): Promise<CopyTask> {
  if (isWithin(target, source) && isWithin(source, target)) {
    throw usageError(`${source.label} is the source and the target.`, 'Name another target.');
  }
  const [from, to] = await places.spots(source, target);
  await Promise.all([from.store.ready({ signal }), to.store.ready({ signal })]);
  return { from, to, size: undefined };
}

/** Whether a place is another one, or below it. */
function isWithin(inner: Place, outer: Place): boolean {
  return (
    isSameOrigin(inner, outer) &&
    outer.segments.every((segment, index) => segment === inner.segments[index])
  );
}

async function statOf({ store, key }: Spot, signal: AbortSignal): Promise<ListItem | undefined> {
  try {
    return { ...(await store.stat(key, { signal })), kind: 'item' };
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}
