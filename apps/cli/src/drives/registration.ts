import { StorageError } from '@granary/storage-core';
import type { Vault } from '@granary/storage-credentials';
import type { Environment } from '../backends/environment.ts';
import type { DriveKind } from './drive-kinds.ts';

/** How an application is known to the service: what somebody who signs in agrees to. */
export interface Registration {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly tenant?: string;
  /** Default: those of the drive. */
  readonly scopes?: readonly string[];
}

const SERVICE = 'granary-login';

/** What the last sign-in to a drive was made with. Errors: those of the vault, and `invalid-data`. */
export async function keptRegistration(
  vault: Vault,
  { id }: DriveKind,
): Promise<Registration | undefined> {
  const kept = await vault.get({ service: SERVICE, account: id });
  if (kept === undefined) return undefined;
  const record: unknown = parse(kept.reveal());
  if (isRegistration(record)) return record;
  throw new StorageError('invalid-data', `the vault has no registration under ${SERVICE} ${id}.`, {
    hint: `Remove it: granary keys remove ${SERVICE} --account ${id}.`,
  });
}

export async function keepRegistration(
  vault: Vault,
  { id }: DriveKind,
  registration: Registration,
): Promise<void> {
  await vault.set({ service: SERVICE, account: id }, JSON.stringify(registration));
}

export async function forgetRegistration(vault: Vault, { id }: DriveKind): Promise<void> {
  await vault.delete({ service: SERVICE, account: id });
}

/**
 * The registration that is used: that of `wanted`, else of the environment, else the kept one. What is
 * kept goes with its own client alone.
 */
export function chosenRegistration(
  { variables }: DriveKind,
  env: Environment,
  kept: Registration | undefined,
  wanted: Partial<Registration> = {},
): Registration | undefined {
  const clientId = wanted.clientId ?? (env[variables.clientId] || kept?.clientId);
  if (clientId === undefined) return undefined;
  const { clientSecret, tenant, scopes } = kept?.clientId === clientId ? kept : {};
  const given = {
    clientSecret: wanted.clientSecret ?? (variableOf(env, variables.clientSecret) || clientSecret),
    tenant: wanted.tenant ?? (variableOf(env, variables.tenant) || tenant),
    scopes: wanted.scopes ?? scopes,
  };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { clientId, ...Object.fromEntries(known) };
}

/** Options of a sign-in with a registration. */
export function signInOptions(
  { idName, scopes }: DriveKind,
  { clientId, ...more }: Registration,
): Readonly<Record<string, unknown>> {
  return { [idName]: clientId, ...(scopes && { scopes }), ...more };
}

function variableOf(env: Environment, name: string | undefined): string | undefined {
  return name === undefined ? undefined : env[name];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRegistration(value: unknown): value is Registration {
  const { clientId, scopes = [] } = (value ?? {}) as Partial<Registration>;
  return typeof clientId === 'string' && clientId !== '' && Array.isArray(scopes);
}
