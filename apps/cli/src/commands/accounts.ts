import { type Command, defineCommand } from '../command.ts';
import { DRIVES } from '../drives/drive-kinds.ts';
import {
  accountRecord,
  type DriveAccount,
  driveSignIn,
  readDrive,
} from '../drives/drive-sign-in.ts';
import { chosenRegistration, keptRegistration } from '../drives/registration.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDate } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';

export const accounts: Command = defineCommand({
  name: 'accounts',
  group: 'Set up',
  summary: 'List who is signed in to which drive',
  details:
    'The account that is marked is used where a URL or storage.yaml names none: gdrive:///folder?account=work, or "account: work". It is the one that signed in last.',
  arguments: [
    {
      name: 'drive',
      description: 'gdrive, onedrive, dropbox (default: all)',
      isOptional: true,
      completes: ['gdrive', 'onedrive', 'dropbox'],
    },
  ],
  options: {},
  examples: [['granary accounts', 'who is signed in?']],
  async run({ words, output, host, vault: openVault }) {
    const [word] = words;
    const kinds = word === undefined ? DRIVES : [readDrive(word)];
    const vault = await openVault();
    const rows: string[][] = [];
    for (const kind of kinds) {
      const kept = await keptRegistration(vault, kind);
      const registration = chosenRegistration(kind, host.env, kept);
      if (registration === undefined) continue;
      for (const account of await (await driveSignIn(kind, vault, registration)).accounts()) {
        if (output.isJson) await output.result(accountRecord(kind, account));
        rows.push([
          ...[kind.id, printable(account.id), printable(account.label ?? '')],
          ...[output.paint('dim', formatDate(account.signedInAt)), stateOf(account)],
        ]);
      }
    }
    await output.text(...table(rows));
    if (rows.length === 0) await output.note('Nobody is signed in. See granary login --help.');
    return EXIT.ok;
  },
});

function stateOf({ isDefault, needsSignIn }: DriveAccount): string {
  if (needsSignIn) return 'has to sign in again';
  return isDefault ? 'default' : '';
}
