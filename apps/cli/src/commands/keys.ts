import { StorageError } from '@granary/storage-core';
import type { Vault } from '@granary/storage-credentials';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { flag, text } from '../options.ts';
import { formatDate } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { askNewSecret, askSecret, askYes, canAsk } from '../terminal/ask.ts';
import { rewrapStore } from '../transfer/rewrap-store.ts';
import { openVault } from '../vault/open-vault.ts';
import { readSecret } from '../vault/read-secret.ts';

interface KeyOptions {
  readonly account: string | undefined;
  readonly env: string | undefined;
  readonly yes: boolean;
  readonly exclusive: boolean;
}

/** What an action works with. */
interface KeyTask {
  readonly context: CommandContext;
  readonly vault: Vault;
  /** What it is about; empty where nothing was named. */
  readonly name: string;
  readonly options: KeyOptions;
}

interface KeyAction {
  /** Whether it is about something that has a name. */
  readonly isNamed: boolean;
  /** Does it, and returns the exit code. */
  run(task: KeyTask): Promise<number>;
}

const ACTIONS: Readonly<Record<string, KeyAction>> = {
  list: { isNamed: false, run: done(listAll) },
  create: { isNamed: true, run: done(createKey) },
  rotate: { isNamed: true, run: done(rotateKey) },
  rewrap: {
    isNamed: true,
    run: ({ context, vault, name, options }) =>
      rewrapStore(context, vault, name, options.exclusive),
  },
  destroy: { isNamed: true, run: done(destroyKey) },
  add: { isNamed: true, run: done(addSecret) },
  remove: { isNamed: true, run: done(removeSecret) },
  info: { isNamed: false, run: done(showVault) },
  passphrase: { isNamed: false, run: done(changePassphrase) },
};
const WORDS = Object.keys(ACTIONS);

export const keys: Command = defineCommand({
  name: 'keys',
  group: 'Set up',
  summary: 'Manage the keys and secrets of the vault',
  details: [
    'The vault keeps the keys that storage.yaml encrypts with, and other secrets: in the keychain of the system, or in an encrypted file where there is none. Nothing it keeps is ever printed.',
    'list: names, versions and times. create, rotate, destroy: a key for encryption; older versions stay, so that what they encrypt can be read, until the key is destroyed. rewrap: puts what a store of storage.yaml holds under the current version, without decrypting it. add, remove: a secret, which is typed without being shown, read from the input, or taken from a variable, and is never a word of the command line. info: where the vault is, and what that protects from. passphrase: changes the one of an encrypted file.',
    'GRANARY_VAULT names another vault, GRANARY_VAULT_DRIVER (keyring, keytar, file) and GRANARY_VAULT_FOLDER where it is. The file is opened by a passphrase, or by GRANARY_VAULT_PASSPHRASE or GRANARY_VAULT_KEY_FILE.',
  ].join('\n\n'),
  arguments: [
    {
      name: 'action',
      description: `${WORDS.join(', ')} (default: list)`,
      isOptional: true,
      completes: WORDS,
    },
    {
      name: 'name',
      description: 'a key, what a secret is for, or a place to rewrap',
      isOptional: true,
      completes: [],
    },
  ],
  options: {
    account: text('account', 'with add and remove: whose secret it is, where there are several'),
    env: text('variable', 'with add: take the secret from this variable'),
    yes: flag('with remove and destroy: do not ask', { short: 'y' }),
    exclusive: flag('with rewrap: nobody else writes, where the store cannot see to that'),
  },
  examples: [
    ['granary keys', 'what is in the vault?'],
    ['granary keys create storage', 'make the key of "layers: [encrypt]"'],
    ['granary keys rewrap secure:', 'put everything in the store secure under the current key'],
    ['granary keys rotate storage', 'encrypt what is written from now on with a new key'],
    ['pass show github | granary keys add github', 'store a secret that a program prints'],
  ],
  async run(input) {
    const [word = 'list', name = ''] = input.words;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw usageError(`"${word}" is nothing to do with keys.`, `Use ${WORDS.join(', ')}.`);
    }
    if (action.isNamed !== (name !== '')) {
      throw action.isNamed
        ? usageError(`granary keys ${word} needs a name.`, 'See granary keys for what there is.')
        : usageError(`granary keys ${word} takes no name.`);
    }
    const vault = await input.vault();
    return action.run({ context: input, vault, name, options: input.options });
  },
});

/** An action that ends well or with an error. */
function done(act: (task: KeyTask) => Promise<void>): KeyAction['run'] {
  return async (task) => {
    await act(task);
    return EXIT.ok;
  };
}

async function listAll({ context: { output }, vault }: KeyTask): Promise<void> {
  const rows: string[][] = [];
  const tell = async (record: Readonly<Record<string, unknown>>, row: string[]): Promise<void> => {
    rows.push(row);
    if (output.isJson) await output.result({ type: 'key', ...record });
  };
  for (const name of await vault.listKeys()) {
    for (const { version, createdAt, isCurrent } of await vault.keyVersions(name)) {
      const time = createdAt === undefined ? '' : formatDate(createdAt);
      const state = isCurrent ? 'current' : 'old';
      await tell({ kind: 'key', name, version, createdAt, isCurrent }, [
        ...['key', printable(name), `version ${version}`, output.paint('dim', time), state],
      ]);
    }
  }
  for (const { service, account } of await vault.list()) {
    await tell({ kind: 'secret', name: service, account }, [
      ...['secret', printable(service), printable(account ?? ''), '', ''],
    ]);
  }
  await output.text(...table(rows));
  if (rows.length === 0) await output.note('The vault is empty.');
}

async function createKey({ context, vault, name }: KeyTask): Promise<void> {
  const [existing] = await vault.keyVersions(name);
  if (existing !== undefined) {
    throw new StorageError('precondition-failed', `there is a key "${name}" already.`, {
      hint: `granary keys rotate ${name} makes a new version of it.`,
    });
  }
  await vault.key(name);
  await tellKey(context, name, 1, `Made the key ${name}. What it encrypts is lost without it.`);
}

async function rotateKey({ context, vault, name }: KeyTask): Promise<void> {
  await requireKey(vault, name);
  const version = await vault.rotateKey(name);
  const note = `Version ${version} of ${name} encrypts what is written from now on; older ones stay for what they encrypt.`;
  await tellKey(context, name, version, note);
}

async function tellKey(
  { output }: CommandContext,
  name: string,
  version: number,
  note: string,
): Promise<void> {
  if (output.isJson) await output.result({ type: 'key', kind: 'key', name, version });
  await output.note(printable(note));
}

async function destroyKey({ context, vault, name, options }: KeyTask): Promise<void> {
  await requireKey(vault, name);
  const what = `the key ${name} with all its versions; what they encrypt can be read no more`;
  if (!(await isMeant(context, `Destroy ${what}?`, options.yes))) return;
  await vault.deleteKey(name);
  await context.output.note(printable(`Destroyed the key ${name}.`));
}

async function addSecret({ context, vault, name, options }: KeyTask): Promise<void> {
  const secret = await readSecret(context.host, options.env, `Secret for ${printable(name)}`);
  await vault.set(credential(name, options), secret);
  await context.output.note(printable(`Stored the secret for ${name}.`));
}

async function removeSecret({ context, vault, name, options }: KeyTask): Promise<void> {
  const which = credential(name, options);
  if (!(await vault.has(which))) {
    throw new StorageError('not-found', `there is no secret for "${name}".`, {
      hint: 'See granary keys for what there is.',
    });
  }
  if (!(await isMeant(context, `Remove the secret for ${name}?`, options.yes))) return;
  await vault.delete(which);
  await context.output.note(printable(`Removed the secret for ${name}.`));
}

async function showVault({ context: { output }, vault }: KeyTask): Promise<void> {
  const info = await vault.getInfo();
  const { name, driver, place, reason, protectsAgainst, doesNotProtectAgainst } = info;
  const list = (title: string, items: readonly string[]): string[][] =>
    items.map((item, index) => [index === 0 ? title : '', printable(item)]);
  await output.result(
    { type: 'vault', ...info },
    ...table([
      ['vault', printable(name)],
      ['driver', driver],
      ['place', printable(place)],
      ['because', printable(reason)],
      ...list('protects from', protectsAgainst),
      ...list('but not from', doesNotProtectAgainst),
    ]),
  );
}

async function changePassphrase({ context: { host, output } }: KeyTask): Promise<void> {
  if (!canAsk(host)) {
    throw usageError('a passphrase is changed by typing it, and nobody can be asked.');
  }
  const variable = 'GRANARY_VAULT_PASSPHRASE';
  const current = host.env[variable] || (await askSecret(host, 'Passphrase of the vault'));
  await using vault = await openVault({ ...host, env: { ...host.env, [variable]: current } });
  // Says now whether it is the right one.
  await vault.getInfo();
  await vault.changePassphrase(current, await askNewSecret(host, 'New passphrase'));
  await output.note('The vault has a new passphrase.');
}

function credential(service: string, { account }: KeyOptions) {
  return account === undefined ? { service } : { service, account };
}

async function requireKey(vault: Vault, name: string): Promise<void> {
  if ((await vault.keyVersions(name)).length > 0) return;
  throw new StorageError('not-found', `there is no key "${name}".`, {
    hint: `granary keys create ${name} makes one.`,
  });
}

async function isMeant(
  { host, output }: CommandContext,
  question: string,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  if (!canAsk(host) || output.isJson) {
    throw usageError('nobody can be asked whether this is meant.', 'Add --yes.');
  }
  if (await askYes(host, printable(question))) return true;
  await output.note('Nothing was changed.');
  return false;
}
