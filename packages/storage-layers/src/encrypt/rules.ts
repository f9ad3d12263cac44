import { matchesPattern } from '@granary/storage-core/provider';
import { invalidConfig } from './key-provider.ts';

/** What encrypts by itself: objects whose key and tags are these. What is given must all hold. */
export interface EncryptionRule {
  /** A pattern of keys, in which `*` stands for anything: `secrets/*`. */
  readonly key?: string;
  /** A tag that the object has. */
  readonly tag?: string;
}

/** Rules that can be looked at and changed while a storage uses them. */
export interface EncryptionRules {
  get(): readonly EncryptionRule[];
  /** Replaces all of them. What is stored stays as it is. Errors: `invalid-config`. */
  set(rules: readonly EncryptionRule[]): void;
}

/** Rules for one storage or several: `createEncrypted({ …, mode: 'per-save', rules })`. */
export function encryptionRules(initial: readonly EncryptionRule[] = []): EncryptionRules {
  let current = checked(initial);
  return {
    get: () => current,
    set(rules) {
      current = checked(rules);
    },
  };
}

/** Whether a rule says that an object is encrypted. */
export function isRuled(
  rules: readonly EncryptionRule[],
  key: string,
  tags: readonly string[] = [],
): boolean {
  return rules.some(
    (rule) =>
      (rule.key === undefined || matchesPattern(rule.key, key)) &&
      (rule.tag === undefined || tags.includes(rule.tag)),
  );
}

function checked(rules: readonly EncryptionRule[]): readonly EncryptionRule[] {
  for (const { key, tag } of rules) {
    const isText = (value: unknown) => typeof value === 'string' && value !== '';
    const isFine =
      (key === undefined || isText(key)) &&
      (tag === undefined || isText(tag)) &&
      (key !== undefined || tag !== undefined);
    if (!isFine) {
      throw invalidConfig(
        'a rule for encryption names a key pattern, a tag, or both.',
        "Give { key: 'secrets/*' } or { tag: 'private' }.",
      );
    }
  }
  return Object.freeze(rules.map((rule) => Object.freeze({ ...rule })));
}
