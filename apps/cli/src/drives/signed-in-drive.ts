import { type OpenableBackend, StorageError } from '@granary/storage-core';
import type { ConfigSource } from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import type { TokenStore } from '@granary/storage-oauth';
import type { Environment } from '../backends/environment.ts';
import { type DriveKind, loadDrive } from './drive-kinds.ts';
import {
  chosenRegistration,
  keptRegistration,
  type Registration,
  signInOptions,
} from './registration.ts';

/** Where the program finds who is signed in. */
export interface SignInPlace {
  /** The vault of this user. Nothing is read before its first use. */
  readonly vault: () => Promise<Vault>;
  /** Gives what URLs leave out. */
  readonly env: Environment;
}

const TOKEN_NAMES: readonly string[] = ['token', 'accessToken', 'access_token'];
const ID_NAMES: readonly string[] = ['clientId', 'client_id', 'appKey', 'app_key'];
/** Stands for a client where nobody has signed in: who asks for a token is told. */
const NOBODY = 'nobody';

/**
 * The backend of a drive, signed in with what `granary login` has kept in the vault, unless its URL or
 * config has a token. That nobody is signed in is told by the first operation.
 */
export async function signedInDrive(
  kind: DriveKind,
  { vault: openVault, env }: SignInPlace,
): Promise<OpenableBackend> {
  const factory = await loadDrive(kind);
  const vault = await openVault();
  let kept: Registration | undefined;
  let trouble: unknown;
  try {
    kept = await keptRegistration(vault, kind);
  } catch (error) {
    trouble = error;
  }

  function fromConfig(source: ConfigSource): unknown {
    const given = 'url' in source ? source.url.query : source.config;
    const has = (names: readonly string[]): boolean => names.some((name) => given[name] != null);
    if (hasToken(given)) return factory.backend.fromConfig(source);
    const chosen = chosenRegistration(kind, env, kept);
    const named = has(ID_NAMES)
      ? source
      : withOption(source, 'clientId', chosen?.clientId ?? NOBODY);
    const options = factory.backend.fromConfig(named) as Readonly<Record<string, unknown>>;
    const { [kind.idName]: id, account } = options;
    const registration = chosenRegistration(kind, env, kept, { clientId: String(id) });
    // A client that signing in would not be done with by itself.
    const other = has(ID_NAMES) && id !== chosen?.clientId ? id : undefined;
    const isUnknown = trouble !== undefined && chosen === undefined && !has(ID_NAMES);
    return {
      ...{ signInOnDemand: false, signInHint: loginHint(kind, account, other) },
      ...(registration && signInOptions(kind, registration)),
      ...options,
      tokens: isUnknown ? closedStore(trouble) : vault,
    };
  }

  return { backend: { ...factory.backend, fromConfig }, provider: factory.provider };
}

/** Whether options bring an access token, so that nobody has to have signed in. */
export function hasToken(options: Readonly<Record<string, unknown>>): boolean {
  return TOKEN_NAMES.some((name) => options[name] != null);
}

/** What to type where nobody is signed in. */
export function loginHint({ id }: DriveKind, account: unknown, clientId?: unknown): string {
  const client = typeof clientId === 'string' ? ` --client-id ${clientId}` : '';
  const name = typeof account === 'string' ? ` --account ${account}` : '';
  return `Run: granary login ${id}${client}${name}`;
}

export function notSignedIn(kind: DriveKind, account?: unknown): StorageError {
  return new StorageError('unauthenticated', `nobody is signed in to ${kind.title}.`, {
    outcome: 'not-applied',
    hint: loginHint(kind, account),
  });
}

/** A store of tokens that fails with what it cannot be opened for. */
function closedStore(trouble: unknown): TokenStore {
  const fail = async (): Promise<never> => {
    throw trouble;
  };
  const place = 'the vault';
  return { place, isShared: false, read: fail, write: fail, swap: fail, remove: fail, list: fail };
}

function withOption(source: ConfigSource, name: string, value: string): ConfigSource {
  if ('config' in source) return { config: { ...source.config, [name]: value } };
  return { url: { ...source.url, query: { ...source.url.query, [name]: value } } };
}
