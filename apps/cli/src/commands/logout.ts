import { StorageError } from '@granary/storage-core';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import type { DriveKind } from '../drives/drive-kinds.ts';
import { accountName, type DriveAccount, driveSignIn, readDrive } from '../drives/drive-sign-in.ts';
import {
  chosenRegistration,
  forgetRegistration,
  keptRegistration,
} from '../drives/registration.ts';
import { notSignedIn } from '../drives/signed-in-drive.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { flag, text } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { printable } from '../output/printable.ts';

export const logout: Command = defineCommand({
  name: 'logout',
  group: 'Set up',
  summary: "Sign out of a person's drive",
  details:
    'Asks the service to revoke the sign-in, and forgets its tokens in any case. Without --account it is the account that signed in last. With the last account the registration is forgotten too.',
  arguments: [
    {
      name: 'drive',
      description: 'gdrive, onedrive, dropbox',
      completes: ['gdrive', 'onedrive', 'dropbox'],
    },
  ],
  options: {
    account: text('name', 'this one of several accounts'),
    all: flag('all accounts'),
  },
  examples: [
    ['granary logout gdrive', 'sign out of Google Drive'],
    ['granary logout dropbox --account work', 'of one of several accounts'],
  ],
  async run(input) {
    const { words, options, host } = input;
    const [word = ''] = words;
    const kind = readDrive(word);
    const { account: name, all } = options;
    if (all && name !== undefined) {
      throw usageError('--all and --account cannot be given together.');
    }
    const vault = await input.vault();
    const kept = await keptRegistration(vault, kind);
    // What was signed in is signed out with its own registration, whatever the environment says now.
    const registration = kept ?? chosenRegistration(kind, host.env, undefined);
    if (registration === undefined) throw notSignedIn(kind);
    const signIn = await driveSignIn(kind, vault, registration);
    const accounts = await signIn.accounts();
    const meant = accounts.filter(({ id, isDefault }) =>
      name === undefined ? all || isDefault : id === name,
    );
    if (meant.length === 0) throw nobody(kind, name, accounts);
    let code: number = EXIT.ok;
    for (const account of meant) {
      const result = await signIn.signOut(account.id);
      if (result.revoked === 'failed') code = EXIT.failed;
      await tell(input, kind, account, result);
    }
    if (meant.length === accounts.length) await forgetRegistration(vault, kind);
    return code;
  },
});

async function tell(
  { output }: CommandContext,
  kind: DriveKind,
  account: DriveAccount,
  result: Awaited<ReturnType<Awaited<ReturnType<typeof driveSignIn>>['signOut']>>,
): Promise<void> {
  const { revoked, consentUrl, error } = result;
  if (output.isJson) {
    await output.result({
      type: 'logout',
      ...{ drive: kind.id, account: account.id, revoked, consentUrl },
      ...(error && { error: errorFacts(error) }),
    });
  }
  await output.note(`Signed out of ${kind.title} as ${accountName(account)}.`);
  if (revoked === 'yes') return;
  const why =
    error === undefined ? `${kind.title} takes no sign-in back` : errorFacts(error).message;
  const where = consentUrl === undefined ? '' : ` Take the consent back at ${consentUrl}`;
  await output.note(printable(`The tokens are forgotten here, and not revoked: ${why}.${where}`));
}

function nobody(
  kind: DriveKind,
  name: string | undefined,
  accounts: readonly DriveAccount[],
): StorageError {
  if (name === undefined || accounts.length === 0) return notSignedIn(kind);
  const names = accounts.map(({ id }) => id).join(', ');
  return new StorageError('not-found', `no account "${name}" is signed in to ${kind.title}.`, {
    hint: `There are: ${names}.`,
  });
}
