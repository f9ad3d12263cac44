import type { Generation } from './gcs-state.ts';
import { conditionNotMet, invalid, notModified } from './refusal.ts';

/** Conditions of a request. https://cloud.google.com/storage/docs/request-preconditions */
export interface Preconditions {
  readonly ifGenerationMatch?: number | undefined;
  readonly ifGenerationNotMatch?: number | undefined;
  readonly ifMetagenerationMatch?: number | undefined;
  readonly ifMetagenerationNotMatch?: number | undefined;
}

/** Reads an int64 parameter. */
export function int64(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^-?\d{1,19}$/.test(value)) throw invalid(`Invalid value for: ${name}`);
  return Number(value);
}

/** The conditions among the parameters of a request, `ifSource…` ones with `source`. */
export function readPreconditions(
  query: Readonly<Record<string, string>>,
  source = false,
): Preconditions {
  const prefix = source ? 'ifSource' : 'if';
  const read = (name: string) => int64(prefix + name, query[prefix + name]);
  return {
    ifGenerationMatch: read('GenerationMatch'),
    ifGenerationNotMatch: read('GenerationNotMatch'),
    ifMetagenerationMatch: read('MetagenerationMatch'),
    ifMetagenerationNotMatch: read('MetagenerationNotMatch'),
  };
}

/** Refuses a request whose conditions do not hold: 412, or 304 for what a reader has already. */
export function checkPreconditions(
  conditions: Preconditions,
  object: Generation | undefined,
  isRead = false,
): void {
  const { ifGenerationMatch, ifGenerationNotMatch } = conditions;
  const { ifMetagenerationMatch, ifMetagenerationNotMatch } = conditions;
  const generation = object?.generation ?? 0;
  const metageneration = object?.metageneration;
  const differs = (wanted: number | undefined, is: number | undefined) =>
    wanted !== undefined && wanted !== is;
  const same = (unwanted: number | undefined, is: number | undefined) =>
    unwanted !== undefined && unwanted === is;

  if (differs(ifGenerationMatch, generation) || differs(ifMetagenerationMatch, metageneration)) {
    throw conditionNotMet();
  }
  if (same(ifGenerationNotMatch, generation) || same(ifMetagenerationNotMatch, metageneration)) {
    throw isRead ? notModified() : conditionNotMet();
  }
}
