import type { Checksums, ObjectAttributes } from '../contract/object-info.ts';
import { StorageError } from '../errors/storage-error.ts';
import { pickAttributes } from './check-attributes.ts';

/** What is known of one body beside its bytes. */
export interface CompanionSide {
  /**
   * What tells this body from every other, as the store sees it without reading: an etag, or a
   * file's identity, size and time. Absent while the body is on its way and cannot be told yet.
   */
  readonly fingerprint?: string;
  readonly attributes: ObjectAttributes;
  readonly createdAt?: Date;
  /** Holds for these very bytes. Units: bytes. */
  readonly size?: number;
  /** Holds for these very bytes. */
  readonly checksums?: Checksums;
  /** The version that this body is, where the store keeps versions. */
  readonly version?: string;
  /** When it was found that this body is still to come. */
  readonly comingSince?: Date;
}

/**
 * What a companion says of an object. It is written before the body, so it holds both the
 * attributes of the body that is coming and those of the body that is there; the body's own
 * arrival is the commit.
 */
export interface CompanionRecord {
  readonly next: CompanionSide;
  /** The body before; absent when there was none. */
  readonly previous?: CompanionSide;
  /** Bodies that others were about to write, and that may still arrive; newest first. */
  readonly coming?: readonly CompanionSide[];
  /** What was said of versions that are not current, newest first. */
  readonly history?: readonly CompanionSide[];
}

/** What holds for a body, by its fingerprint. */
export interface SelectedSide extends CompanionSide {
  /** Which side the body is. `neither`: somebody changed it behind our back. */
  readonly matched: 'next' | 'previous' | 'coming' | 'neither';
}

/** What the next record of a companion is made of. */
export interface NextCompanion {
  /** The record that is there. */
  readonly current: CompanionRecord | undefined;
  /** Fingerprint of the body that is there. */
  readonly currentFingerprint: string | undefined;
  /** What else tells the body that is there. */
  readonly otherFingerprints?: readonly string[];
  /** The version that the body there is, when what is said of it is to be kept. */
  readonly currentVersion?: string | undefined;
  /** Of the body that is coming: all that will be known. */
  readonly next: CompanionSide;
  /** The time, where what others are about to write is kept. */
  readonly now?: Date;
}

/** Format that is written. Readers take it and the two before. */
const VERSION = 1;
const OLDEST_VERSION = VERSION - 2;
/** Versions of which a companion tells, and what that may take, since each write sends it. Units of the latter: characters. */
const MAX_HISTORY = 100;
const MAX_HISTORY_LENGTH = 64 * 1024;
/** Bodies that are waited for, and how long. Units of the latter: ms. */
const MAX_COMING = 4;
const MAX_COMING_MS = 60 * 60 * 1000;

/**
 * The side of a record that a body is. When it is neither, the body was changed from outside: what
 * the user said stays, what was computed from the bytes is left out, also what layers computed.
 */
export function selectAttributes(
  record: CompanionRecord | undefined,
  fingerprint: string,
  otherFingerprints: readonly string[] = [],
): SelectedSide {
  if (record === undefined) return { matched: 'neither', attributes: {} };
  const { next, previous, coming = [] } = record;
  if (next.fingerprint === fingerprint) return { ...next, matched: 'next' };
  if (previous?.fingerprint === fingerprint) return { ...previous, matched: 'previous' };
  // The same content may have been there twice, so what tells content alone comes second.
  if (isAmong(otherFingerprints, next)) return { ...next, matched: 'next' };
  if (previous !== undefined && isAmong(otherFingerprints, previous)) {
    return { ...previous, matched: 'previous' };
  }
  const arrived = coming.find((side) => isAmong([fingerprint, ...otherFingerprints], side));
  if (arrived !== undefined) {
    const { comingSince: _since, ...known } = arrived;
    return { ...known, matched: 'coming' };
  }
  const { createdAt } = next;
  const attributes = withoutReserved(next.attributes);
  return { matched: 'neither', attributes, ...(createdAt !== undefined && { createdAt }) };
}

/** What is said of one version: by its name, else by what tells its content. */
export function selectVersion(
  { next, previous, history = [] }: CompanionRecord,
  version: string,
  fingerprints: readonly string[],
): CompanionSide {
  const sides = [next, ...(previous ? [previous] : []), ...history];
  return (
    sides.find((side) => side.version === version) ??
    sides.find((side) => side.version === undefined && isAmong(fingerprints, side)) ?? {
      attributes: {},
    }
  );
}

function isAmong(fingerprints: readonly string[], { fingerprint }: CompanionSide): boolean {
  return fingerprint !== undefined && fingerprints.includes(fingerprint);
}

/** Layers keep under these names what is true of the bytes they wrote alone. */
function withoutReserved(attributes: ObjectAttributes): ObjectAttributes {
  const { metadata, ...rest } = attributes;
  const kept = Object.entries(metadata ?? {}).filter(([name]) => !name.startsWith('granary.'));
  return kept.length === 0 ? rest : { ...rest, metadata: Object.fromEntries(kept) };
}

/**
 * The record to write before a new body: `undefined` when there is neither anything to say nor
 * anything to take back, so that no companion is needed.
 */
export function nextCompanion(write: NextCompanion): CompanionRecord | undefined {
  const { current, currentFingerprint: fingerprint, otherFingerprints, currentVersion } = write;
  const { next } = write;
  if (current === undefined && isEmptySide(next)) return undefined;
  if (fingerprint === undefined) {
    return { next, ...comingSides(write, [], false), ...historyOf(current) };
  }
  const { matched, ...known } = selectAttributes(current, fingerprint, otherFingerprints);
  const previous = { ...known, fingerprint };
  const coming = comingSides(
    write,
    [fingerprint, ...(otherFingerprints ?? [])],
    matched === 'next',
  );
  if (currentVersion === undefined) return { next, previous, ...coming, ...historyOf(current) };
  const there = { ...previous, version: currentVersion };
  // What was written last was changed from outside since, and may be a version.
  const unseen = matched === 'neither' && current ? [current.next] : [];
  return { next, previous: there, ...coming, ...historyOf(current, [there, ...unseen]) };
}

/**
 * Bodies that were announced and have not been seen: another process may be about to write them, after the one
 * that is announced now. `there`: what tells the body that is there.
 */
export function comingSides(
  { current, next, now }: Pick<NextCompanion, 'current' | 'next' | 'now'>,
  there: readonly string[],
  hasArrived: boolean,
): { readonly coming?: readonly CompanionSide[] } {
  if (current === undefined || now === undefined) return {};
  const announced = hasArrived ? [] : [{ ...current.next, comingSince: now }];
  const coming = [...announced, ...(current.coming ?? [])].filter(
    (side) =>
      side.fingerprint !== undefined &&
      side.fingerprint !== next.fingerprint &&
      !isAmong(there, side) &&
      now.getTime() - (side.comingSince?.getTime() ?? 0) < MAX_COMING_MS,
  );
  return coming.length === 0 ? {} : { coming: coming.slice(0, MAX_COMING) };
}

/** A record of another process with what is said of a body that has arrived. */
export function withArrived(
  record: CompanionRecord | undefined,
  side: CompanionSide,
  now: Date,
): CompanionRecord {
  if (record === undefined) return { next: side };
  const coming = [{ ...side, comingSince: now }, ...(record.coming ?? [])].slice(0, MAX_COMING);
  return { ...record, coming };
}

/** The record after the body has arrived: `undefined` when the companion is to be removed. */
export function settledCompanion(
  record: CompanionRecord,
  fingerprint: string,
): CompanionRecord | undefined {
  const { next, coming } = record;
  const settled = { next: { ...next, fingerprint }, ...(coming && { coming }) };
  return heldCompanion({ ...settled, ...historyOf(record) });
}

/** A record that has anything to say; `undefined` for another one. */
export function heldCompanion(record: CompanionRecord): CompanionRecord | undefined {
  const { next, coming, history } = record;
  const isEmpty = isEmptySide(next) && coming === undefined && history === undefined;
  return isEmpty ? undefined : record;
}

/** What a record says of old versions, after some that are no longer current. */
export function historyOf(
  record: CompanionRecord | undefined,
  past: readonly CompanionSide[] = [],
): { readonly history?: readonly CompanionSide[] } {
  const names = new Set(past.flatMap(({ version }) => version ?? []));
  const before = record?.history ?? [];
  const history = [
    ...past.filter(
      (side) => !isEmptySide(side) && (side.version ?? side.fingerprint) !== undefined,
    ),
    ...before.filter(({ version }) => version === undefined || !names.has(version)),
  ];
  const kept = withinLength(history.slice(0, MAX_HISTORY));
  return kept.length === 0 ? {} : { history: kept };
}

/** The newest that fit. */
function withinLength(history: readonly CompanionSide[]): readonly CompanionSide[] {
  let length = 0;
  const end = history.findIndex((side) => {
    length += JSON.stringify(sideJson(side)).length;
    return length > MAX_HISTORY_LENGTH;
  });
  return end === -1 ? history : history.slice(0, end);
}

/** Whether there is nothing to write down. */
export function isEmptySide({ attributes, size, checksums, createdAt }: CompanionSide): boolean {
  return (
    Object.keys(pickAttributes(attributes)).length === 0 &&
    size === undefined &&
    checksums === undefined &&
    createdAt === undefined
  );
}

/** A record as plain JSON, with its version. */
export function toRecordJson(record: CompanionRecord): Record<string, unknown> {
  return {
    granary: VERSION,
    next: sideJson(record.next),
    ...(record.previous && { previous: sideJson(record.previous) }),
    ...(record.coming && { coming: record.coming.map(sideJson) }),
    ...(record.history && { history: record.history.map(sideJson) }),
  };
}

/**
 * A record out of parsed JSON. An object that is not ours is taken as the metadata that another
 * program keeps there. Errors: `corrupted` when it is no object, `invalid-data` for a version that
 * this package cannot read; both name the companion.
 */
export function fromRecordJson(json: unknown, name: string): CompanionRecord {
  if (!isObject(json)) throw unreadable(name, 'it holds no JSON object');
  const version = json['granary'];
  if (version === undefined) return { next: { attributes: { metadata: json as never } } };
  if (typeof version !== 'number' || version < OLDEST_VERSION) {
    throw unreadable(name, `it has the unknown format ${JSON.stringify(version)}`);
  }
  if (version > VERSION) {
    throw new StorageError(
      'invalid-data',
      `the companion ${JSON.stringify(name)} has format ${version}, which is newer than ${VERSION}.`,
      { hint: 'Update Granary to read it.' },
    );
  }
  const { next, previous, coming, history } = json;
  return {
    next: fromSideJson(next, name),
    ...(previous !== undefined && { previous: fromSideJson(previous, name) }),
    ...(Array.isArray(coming) && { coming: coming.map((side) => fromSideJson(side, name)) }),
    ...(Array.isArray(history) && { history: history.map((side) => fromSideJson(side, name)) }),
  };
}

/** The error of a companion that cannot be understood. */
export function unreadable(name: string, why: string): StorageError {
  return new StorageError(
    'corrupted',
    `the companion ${JSON.stringify(name)} cannot be read: ${why}.`,
    { hint: 'Repair or remove it; the content itself is not affected.' },
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sideJson(side: CompanionSide): Record<string, unknown> {
  const { fingerprint, attributes, createdAt, size, checksums, version, comingSince } = side;
  return { fingerprint, version, ...attributes, createdAt, size, checksums, comingSince };
}

function fromSideJson(json: unknown, name: string): CompanionSide {
  if (!isObject(json)) throw unreadable(name, 'it lacks what it should say');
  const { fingerprint, version, expiresAt, createdAt, size, checksums, ...others } = json;
  const { comingSince, ...attributes } = others;
  return {
    ...(typeof fingerprint === 'string' && { fingerprint }),
    ...(typeof version === 'string' && { version }),
    attributes: pickAttributes({
      ...attributes,
      ...(expiresAt !== undefined && { expiresAt: toDate(expiresAt, name) }),
    }),
    ...(createdAt !== undefined && { createdAt: toDate(createdAt, name) }),
    ...(comingSince !== undefined && { comingSince: toDate(comingSince, name) }),
    ...(typeof size === 'number' && { size }),
    ...(isObject(checksums) && { checksums: checksums as Checksums }),
  };
}

function toDate(value: unknown, name: string): Date {
  const date = new Date(String(value));
  if (Number.isNaN(date.getTime())) throw unreadable(name, `${String(value)} is no date`);
  return date;
}
