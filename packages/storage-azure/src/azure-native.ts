import type { BlockBlobUploadOptions } from '@azure/storage-blob';
import { StorageError } from '@granary/storage-core/provider';

/** The fields of the SDK's own upload options that `native` takes. */
export const NATIVE_OPTIONS: readonly (keyof AzureNativeOptions)[] = [
  'tier',
  'encryptionScope',
  'immutabilityPolicy',
  'legalHold',
];

/** What `native` of a put takes, in the SDK's spelling. */
export type AzureNativeOptions = Pick<
  BlockBlobUploadOptions,
  'tier' | 'encryptionScope' | 'immutabilityPolicy' | 'legalHold'
>;

/**
 * The service's own fields of a write. Core has refused names that are not among them.
 * Errors: `invalid-argument` for a value of another kind.
 */
export function serviceFields(
  given: Readonly<Record<string, unknown>> | undefined,
): AzureNativeOptions {
  const { tier, encryptionScope, immutabilityPolicy, legalHold } = given ?? {};
  need('tier', tier, typeof tier === 'string');
  need('encryptionScope', encryptionScope, typeof encryptionScope === 'string');
  need('immutabilityPolicy', immutabilityPolicy, isPolicy(immutabilityPolicy));
  need('legalHold', legalHold, typeof legalHold === 'boolean');
  return given ?? {};
}

function isPolicy(value: unknown): boolean {
  const { expiriesOn } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly expiriesOn?: unknown;
  };
  return expiriesOn instanceof Date;
}

function need(name: string, value: unknown, fits: boolean): void {
  if (value === undefined || fits) return;
  throw new StorageError('invalid-argument', `native.${name} is not what the SDK takes.`, {
    outcome: 'not-applied',
    hint: 'See BlockBlobUploadOptions of @azure/storage-blob.',
  });
}
