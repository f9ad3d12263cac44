import { isSecretName, REDACTED } from '@granary/storage-core/provider';

/** Shorter ones could stand anywhere in a sentence. */
const LEAST_LENGTH = 4;

/** Values under the names of secrets, at any depth. */
export function secretsOf(options: unknown, isSecret = false): readonly string[] {
  if (typeof options === 'string')
    return isSecret && options.length >= LEAST_LENGTH ? [options] : [];
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([name, value]) =>
    secretsOf(value, isSecret || isSecretName(name)),
  );
}

/** A text that these do not stand in, also not as they stand in a URL. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((shown, secret) => shown.replaceAll(secret, REDACTED), text);
}
