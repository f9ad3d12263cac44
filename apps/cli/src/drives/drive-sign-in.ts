import type { Vault } from '@granary/storage-credentials';
import type { SignInFlow } from '@granary/storage-oauth';
import { usageError } from '../exit-codes.ts';
import type { JsonRecord } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { DRIVES, type DriveKind, type DriveSignIn, driveOf, loadDrive } from './drive-kinds.ts';
import { type Registration, signInOptions } from './registration.ts';
import { loginHint } from './signed-in-drive.ts';

/** One person's account, as a sign-in tells of it. */
export type DriveAccount = Awaited<ReturnType<DriveSignIn['accounts']>>[number];

/** The drive of a word. Errors: usage. */
export function readDrive(word: string): DriveKind {
  const kind = driveOf(word);
  if (kind !== undefined) return kind;
  const ids = DRIVES.map(({ id }) => id).join(', ');
  throw usageError(`"${word}" is nothing that one signs in to.`, `Use ${ids}.`);
}

/** The sign-in of a drive with the tokens in the vault. Makes no request. */
export async function driveSignIn(
  kind: DriveKind,
  vault: Vault,
  registration: Registration,
  flow?: SignInFlow,
): Promise<DriveSignIn> {
  const { provider } = await loadDrive(kind);
  const options = {
    ...signInOptions(kind, registration),
    ...{ tokens: vault, signInOnDemand: false, signInHint: loginHint(kind, undefined) },
    ...(flow && { flow }),
  };
  const { auth } = provider(options as never) as unknown as { readonly auth: DriveSignIn };
  return auth;
}

/** An account as `--json` shows it. Holds no token. */
export function accountRecord({ id: drive }: DriveKind, account: DriveAccount): JsonRecord {
  const { id, label, scopes, missingScopes, signedInAt, isDefault, needsSignIn } = account;
  return {
    type: 'account',
    ...{ drive, account: id, label, scopes, missingScopes, signedInAt, isDefault, needsSignIn },
  };
}

/** How a message calls an account. */
export function accountName({ id, label }: DriveAccount): string {
  return printable(label === undefined || label === id ? id : `${label} (${id})`);
}
