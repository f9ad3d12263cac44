import { contentTypeOf } from '@granary/storage-core/provider';
import {
  checkLeast,
  checkMost,
  type KeyRules,
  looksAtType,
  type NamedRule,
  refused,
} from './rules.ts';

/** What is said of an object before its content is looked at. */
export interface Declared {
  readonly contentType?: string | null | undefined;
  readonly contentEncoding?: string | null | undefined;
  /** Units: bytes. Absent while it is not known. */
  readonly size?: number | undefined;
}

/** Types that an `image/*` of a rule does not let in, since a browser runs scripts of theirs. */
const SCRIPTABLE = /\+xml$/;

/** The declared media type without its parameters, in lower case. */
export function declaredType(key: string, { contentType }: Declared): string | undefined {
  return essence(contentType ?? contentTypeOf(key));
}

/** A media type without its parameters, in lower case. */
export function essence(type: string): string;
export function essence(type: string | undefined): string | undefined;
export function essence(type: string | undefined): string | undefined {
  return type?.split(';', 1)[0]?.trim().toLowerCase();
}

/**
 * Checks all that can be checked without the content.
 * Errors: `invalid-data`; `too-large`.
 */
export function checkDeclared(key: string, declared: Declared, rules: KeyRules): void {
  const { size, contentEncoding } = declared;
  const type = declaredType(key, declared);
  for (const named of rules) checkName(key, named);
  if (size !== undefined) {
    checkMost(rules, size);
    checkLeast(rules, size);
  }
  for (const named of rules) {
    // Without a declared type, what the content shows decides, where it is looked at.
    if (type !== undefined || !looksAtType(rules)) checkType(named, type);
  }
  checkEncoding(rules, contentEncoding);
}

/** Content that is looked into is not encoded, or so that it can be. Errors: `invalid-data`. */
export function checkEncoding(rules: KeyRules, contentEncoding: string | null | undefined): void {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return;
  for (const named of rules) {
    const { schema, contentTypeByContent, scanner } = named.rule;
    const check =
      (schema !== undefined && 'schema') ||
      (contentTypeByContent && 'contentTypeByContent') ||
      (scanner !== undefined && !scanner.encodings?.includes(encoding) && 'scanner');
    if (!check) continue;
    throw refused(
      named,
      { check },
      `content that is encoded as ${JSON.stringify(encoding)} cannot be looked into`,
      { hint: 'Store it without contentEncoding; a compression layer below keeps it small.' },
    );
  }
}

/** Whether a rule lets the media type in. Errors: `invalid-data`. */
export function checkType(named: NamedRule, type: string | undefined, found?: string): void {
  const { contentTypes } = named.rule;
  if (contentTypes === undefined) return;
  if (type !== undefined && contentTypes.some((allowed) => lets(allowed.toLowerCase(), type)))
    return;
  throw refused(
    named,
    { check: 'contentTypes', ...(found !== undefined && { found }) },
    type === undefined
      ? 'neither the caller nor the key tells its content type'
      : `the content type ${JSON.stringify(type)} is not allowed`,
    { hint: `Allowed: ${contentTypes.join(', ') || 'none'}.` },
  );
}

function lets(allowed: string, type: string): boolean {
  if (!allowed.endsWith('/*')) return allowed === type;
  return type.startsWith(allowed.slice(0, -1)) && !SCRIPTABLE.test(type);
}

/** Errors: `invalid-data`. */
function checkName(key: string, named: NamedRule): void {
  const { name: pattern, extensions } = named.rule;
  const name = key.slice(key.lastIndexOf('/') + 1);
  // `search` minds no `lastIndex`, so an expression with the flag `g` works.
  if (pattern !== undefined && name.search(pattern) < 0) {
    throw refused(named, { check: 'name' }, `the name ${JSON.stringify(name)} is not allowed`, {
      hint: `Names match ${String(pattern)}.`,
    });
  }
  if (extensions === undefined) return;
  const dot = name.lastIndexOf('.');
  const extension = dot < 1 ? '' : name.slice(dot + 1).toLowerCase();
  if (extensions.some((allowed) => allowed.toLowerCase() === extension)) return;
  throw refused(
    named,
    { check: 'extensions' },
    `the extension ${JSON.stringify(extension)} is not allowed`,
    { hint: `Allowed: ${extensions.map((each) => each || '(none)').join(', ')}.` },
  );
}
