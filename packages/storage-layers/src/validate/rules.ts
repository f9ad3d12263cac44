import {
  type ErrorCode,
  matchesPattern,
  type StandardIssue,
  type StandardSchemaV1,
  StorageError,
} from '@granary/storage-core/provider';
import type { ContentScanner } from './scan.ts';

/** What must hold for an object. Everything that is given must hold; what is not given is not looked at. */
export interface ValidationRule {
  /** The content is JSON in UTF-8 that this schema takes. It is held in memory to be checked. */
  readonly schema?: StandardSchemaV1;
  /**
   * Media types that may be declared, by the caller or else by the key's extension: `image/png`, or
   * `image/*`, which leaves out types that can run scripts (`image/svg+xml`): name those.
   */
  readonly contentTypes?: readonly string[];
  /** The declared media type must be the one that the content itself shows. Default: it is believed. */
  readonly contentTypeByContent?: boolean;
  /** Units: bytes. */
  readonly minBytes?: number;
  /** Units: bytes. */
  readonly maxBytes?: number;
  /** What the last segment of the key must match. Anchor it: `/^[\w-]+\.png$/`. */
  readonly name?: RegExp;
  /** Extensions that the key may have, without the dot, in any letter case. `''` is none. */
  readonly extensions?: readonly string[];
  /** Looks for malware in the whole content. */
  readonly scanner?: ContentScanner;
}

/** Which part of a rule an object broke. */
export type ValidationCheck =
  | 'name'
  | 'extensions'
  | 'contentTypes'
  | 'contentTypeByContent'
  | 'minBytes'
  | 'maxBytes'
  | 'schema'
  | 'scanner';

/** The `cause` of an error with which a rule refuses an object. */
export interface ValidationFailure {
  /** Pattern of the rule; `*` for what holds for every key. */
  readonly rule: string;
  readonly check: ValidationCheck;
  /** What the scanner calls the malware. */
  readonly signature?: string;
  /** The media type that the content shows. */
  readonly found?: string;
  /** What the schema has against the value. They may quote it. */
  readonly issues?: readonly StandardIssue[];
}

/** A rule with the pattern it was given under. */
export interface NamedRule {
  readonly pattern: string;
  readonly rule: ValidationRule;
}

/** The rules of one key. */
export type KeyRules = readonly NamedRule[];

/** Makes a function that finds the rules of a key: those of every pattern that matches it. */
export function ruleFinder(
  general: ValidationRule,
  byPattern: Readonly<Record<string, ValidationRule>>,
): (key: string) => KeyRules {
  const all: NamedRule[] = [{ pattern: '*', rule: general }];
  for (const [pattern, rule] of Object.entries(byPattern)) all.push({ pattern, rule });
  for (const { pattern, rule } of all) checkRule(pattern, rule);
  const given = all.filter(({ rule }) => Object.values(rule).some((value) => value !== undefined));
  return (key) => given.filter(({ pattern }) => matchesPattern(pattern, key));
}

/** Whether rules look at the media type that the content shows. */
export const looksAtType = (rules: KeyRules): boolean =>
  rules.some(({ rule }) => rule.contentTypeByContent === true);

/** Whether rules look at all of the content. */
export const looksAtAll = (rules: KeyRules): boolean =>
  rules.some(({ rule }) => rule.schema !== undefined || rule.scanner !== undefined);

/** Whether rules look at the content itself. */
export const looksInside = (rules: KeyRules): boolean => looksAtType(rules) || looksAtAll(rules);

/** What of the rules is about the media type. */
export function typeRules(rules: KeyRules): KeyRules {
  return rules.flatMap(({ pattern, rule: { contentTypes, contentTypeByContent } }) =>
    contentTypes === undefined && contentTypeByContent !== true
      ? []
      : [
          {
            pattern,
            rule: {
              ...(contentTypes && { contentTypes }),
              contentTypeByContent: contentTypeByContent ?? false,
            },
          },
        ],
  );
}

/** Whether rules limit the size. */
export const limitsSize = (rules: KeyRules): boolean =>
  rules.some(({ rule }) => rule.minBytes !== undefined || rule.maxBytes !== undefined);

/** An object that a rule refuses. */
export function refused(
  { pattern }: NamedRule,
  failure: Omit<ValidationFailure, 'rule'>,
  reason: string,
  { code = 'invalid-data', hint }: { readonly code?: ErrorCode; readonly hint?: string } = {},
): StorageError {
  const cause: ValidationFailure = { rule: pattern, ...failure };
  return new StorageError(
    code,
    `${reason}, against ${failure.check} of the rule ${JSON.stringify(pattern)}.`,
    { outcome: 'not-applied', hint, cause },
  );
}

/** Errors: `too-large`. */
export function checkMost(rules: KeyRules, sizeBytes: number): void {
  for (const named of rules) {
    const { maxBytes } = named.rule;
    if (maxBytes === undefined || sizeBytes <= maxBytes) continue;
    throw refused(named, { check: 'maxBytes' }, `it has more than ${maxBytes} bytes`, {
      code: 'too-large',
      hint: 'Make it smaller, or store it under a key with another rule.',
    });
  }
}

/** Errors: `invalid-data`. */
export function checkLeast(rules: KeyRules, sizeBytes: number): void {
  for (const named of rules) {
    const { minBytes } = named.rule;
    if (minBytes === undefined || sizeBytes >= minBytes) continue;
    throw refused(
      named,
      { check: 'minBytes' },
      `it has ${sizeBytes} bytes, fewer than ${minBytes}`,
    );
  }
}

/** Errors: `invalid-config`. */
function checkRule(pattern: string, rule: ValidationRule): void {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER, contentTypes = [] } = rule;
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  const problem =
    (!isCount(minBytes) && `minBytes is a whole number of bytes, not ${minBytes}`) ||
    (!isCount(maxBytes) && `maxBytes is a whole number of bytes, not ${maxBytes}`) ||
    (minBytes > maxBytes && `minBytes ${minBytes} is more than maxBytes ${maxBytes}`) ||
    contentTypes
      .filter((type) => !/^[^\s/;*]+\/(?:\*|[^\s/;*]+)$/.test(type))
      .map(
        (type) => `${JSON.stringify(type)} is no media type such as "image/png" or "image/*"`,
      )[0];
  if (problem) {
    throw new StorageError('invalid-config', `the rule ${JSON.stringify(pattern)}: ${problem}.`);
  }
}
