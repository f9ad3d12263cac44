import { isStorageError, StorageError } from '@granary/storage-core';
import type { SignInFlow } from '@granary/storage-oauth';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import type { DriveKind } from '../drives/drive-kinds.ts';
import { accountName, accountRecord, driveSignIn, readDrive } from '../drives/drive-sign-in.ts';
import {
  chosenRegistration,
  keepRegistration,
  keptRegistration,
  type Registration,
} from '../drives/registration.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { writeTo } from '../host.ts';
import { flag, list, text } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { printable } from '../output/printable.ts';
import { askSecret, canAsk } from '../terminal/ask.ts';

export const login: Command = defineCommand({
  name: 'login',
  group: 'Set up',
  summary: "Sign in to a person's drive",
  details: [
    'Opens the browser of the system, or with --device shows a code to enter on any other device. The tokens stay in the vault (granary keys info), and are renewed from there; nothing secret is printed. Afterwards gdrive:///folder, onedrive:/folder and dropbox:/folder are places like any other, and so are stores of these types in storage.yaml.',
    'The id is that of your own registration with the service; Dropbox calls it the app key. It is taken from --client-id, else from GRANARY_GDRIVE_CLIENT_ID, GRANARY_ONEDRIVE_CLIENT_ID or GRANARY_DROPBOX_CLIENT_ID, else from the last sign-in. Google wants the client secret as well: GRANARY_GDRIVE_CLIENT_SECRET, or it is asked for.',
    "Without --scope, as little as possible is asked for: in Google Drive and OneDrive, files of this registration's own.",
  ].join('\n\n'),
  arguments: [
    {
      name: 'drive',
      description: 'gdrive, onedrive, dropbox',
      completes: ['gdrive', 'onedrive', 'dropbox'],
    },
  ],
  options: {
    clientId: text('id', 'the id of your registration with the service'),
    account: text('name', 'keep it under this name, to use several accounts'),
    scope: list('scope', 'ask for this, such as drive or Files.ReadWrite'),
    tenant: text('tenant', 'OneDrive: who may sign in, such as consumers or contoso.com'),
    device: flag('show a code instead of opening a browser here'),
    showAddress: flag('print the address instead of opening the browser'),
  },
  examples: [
    ['granary login gdrive --client-id 1234.apps.googleusercontent.com', 'sign in to Google Drive'],
    ['granary login onedrive --device', 'from a terminal without a browser'],
    ['granary login dropbox --account work', 'one of several accounts'],
  ],
  async run(input) {
    const { words, options, output, host } = input;
    const [word = ''] = words;
    const kind = readDrive(word);
    if (options.device && !kind.hasDeviceCode) {
      throw usageError(`${kind.title} has no device code.`, 'Use --show-address.');
    }
    if (options.device && options.showAddress) {
      throw usageError('--device and --show-address cannot be given together.');
    }
    if (options.tenant !== undefined && kind.variables.tenant === undefined) {
      throw usageError(`${kind.title} has no tenants.`);
    }
    const vault = await input.vault();
    const kept = await keptRegistration(vault, kind);
    const registration = await registrationFor(input, kind, kept, options);
    await refuseOtherClient(input, kind, kept, registration);
    const flow = await flowOf(input, kind, options);
    const signIn = await driveSignIn(kind, vault, registration, flow);
    const { account: name } = options;
    const account = await signIn
      .signIn({ signal: host.signal, ...(name !== undefined && { account: name }) })
      .catch((error: unknown) => {
        throw forTerminal(error, kind);
      });
    await keepRegistration(vault, kind, registration);
    await output.result(accountRecord(kind, account));
    await output.note(`Signed in to ${kind.title} as ${accountName(account)}.`);
    return EXIT.ok;
  },
});

interface LoginOptions {
  readonly clientId: string | undefined;
  readonly scope: readonly string[];
  readonly tenant: string | undefined;
  readonly device: boolean;
  readonly showAddress: boolean;
}

/** Errors: usage where there is no id. */
async function registrationFor(
  { host }: CommandContext,
  kind: DriveKind,
  kept: Registration | undefined,
  { clientId, scope, tenant }: LoginOptions,
): Promise<Registration> {
  const { variables, title } = kind;
  const registration = chosenRegistration(kind, host.env, kept, {
    ...(clientId !== undefined && { clientId }),
    ...(tenant !== undefined && { tenant }),
    ...(scope.length > 0 && { scopes: scope }),
  });
  if (registration === undefined) {
    throw usageError(
      `signing in to ${title} needs the id of a registration.`,
      `Add --client-id, or set ${variables.clientId}.`,
    );
  }
  const wantsSecret = variables.clientSecret !== undefined;
  if (!wantsSecret || registration.clientSecret !== undefined || !canAsk(host)) return registration;
  const clientSecret = await askSecret(
    host,
    `Client secret of ${printable(registration.clientId)}`,
  );
  return clientSecret === '' ? registration : { ...registration, clientSecret };
}

/** Tokens of another client would stay behind, and nobody could use or revoke them. */
async function refuseOtherClient(
  input: CommandContext,
  kind: DriveKind,
  kept: Registration | undefined,
  { clientId }: Registration,
): Promise<void> {
  if (kept === undefined || kept.clientId === clientId) return;
  const before = await driveSignIn(kind, await input.vault(), kept);
  if ((await before.accounts()).length === 0) return;
  throw new StorageError(
    'precondition-failed',
    `accounts of ${kind.title} are signed in with another client id.`,
    { hint: `Run: granary logout ${kind.id} --all` },
  );
}

/** How the person gets to the page of the service. Nothing: the browser of the system. */
async function flowOf(
  { host, output }: CommandContext,
  { title }: DriveKind,
  { device, showAddress }: LoginOptions,
): Promise<SignInFlow | undefined> {
  if (!device && !showAddress) {
    await output.note(`Sign in to ${title} in the browser that opens now.`);
    return undefined;
  }
  const { deviceCode, loopback } = await import('@granary/storage-oauth/node');
  // It has to be seen, also with --quiet.
  const show = async (record: Readonly<Record<string, unknown>>, line: string): Promise<void> => {
    if (output.isJson) await output.result({ type: 'prompt', ...record });
    else await writeTo(host.stderr, `${printable(line)}\n`);
  };
  if (showAddress) {
    return loopback({
      open: (url) => show({ verificationUri: url }, `Open in a browser on this computer: ${url}`),
    });
  }
  return deviceCode({
    onPrompt: ({ verificationUri, userCode, expiresAt }) =>
      show(
        { verificationUri, userCode, expiresAt },
        `Open ${verificationUri} on any device and enter the code ${userCode}`,
      ),
  });
}

/** The same error, with what to type in the place of what to call. */
function forTerminal(error: unknown, kind: DriveKind): unknown {
  if (!isStorageError(error) || error.hint === undefined) return error;
  const { code, outcome, retryable, hint } = error;
  const { message } = errorFacts(error);
  const others = kind.hasDeviceCode ? '--device or --show-address' : '--show-address';
  const isWithoutBrowser = code === 'unavailable' && hint.includes('loopback(');
  return new StorageError(code, message, {
    ...{ outcome, retryable, cause: error },
    hint: isWithoutBrowser
      ? `Add ${others}.`
      : hint.replaceAll('signIn()', `granary login ${kind.id}`),
  });
}
