import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DriveSite } from '../drives/drive-site.ts';
import type { DriveStore } from '../drives/drive-store.ts';

const REMOTE = 'bench:';
const EXPIRY = '2099-01-01T00:00:00Z';
/** Time of the first file that is put. Units: s. */
const FIRST_TIME_S = 1_700_000_000;
/** So much of what rclone writes is kept to tell why something failed. Units: lines. */
const MAX_SAID = 3;

/** rclone as a program that stays, with a remote of these settings, told what to do over HTTP. */
export async function openRclone(
  site: DriveSite,
  settings: Readonly<Record<string, string>>,
): Promise<DriveStore> {
  const { proxyUrl, certificateFile } = await site.proxy();
  const folder = await mkdtemp(join(site.folder, 'rclone-'));
  const config = join(folder, 'rclone.conf');
  const token = JSON.stringify({
    access_token: site.token,
    token_type: 'Bearer',
    refresh_token: 'none',
    expiry: EXPIRY,
  });
  const lines = Object.entries({ ...settings, token }).map(([name, value]) => `${name} = ${value}`);
  await writeFile(config, ['[bench]', ...lines, ''].join('\n'), { mode: 0o600 });
  const program = spawn(
    'rclone',
    [
      ...['rcd', '--rc-addr', '127.0.0.1:0', '--rc-no-auth', '--rc-serve'],
      ...['--config', config, '--ca-cert', certificateFile, '--cache-dir', folder],
    ],
    {
      // Nothing of the user's own: neither settings nor proxies.
      env: { PATH: process.env['PATH'], HOME: folder, HTTPS_PROXY: proxyUrl },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  // Also when the benchmark is interrupted.
  const end = () => program.kill();
  process.once('exit', end);
  const said: string[] = [];
  const url = await addressOf(program, said);

  async function ask(command: string, input: object): Promise<unknown> {
    const answer = await fetch(`${url}${command}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    const output = (await answer.json()) as { readonly error?: string };
    if (!answer.ok) throw new Error(`rclone ${command}: ${output.error} (${said.join(' ')})`);
    return output;
  }

  let files = 0;
  return {
    setUp: () => ask('operations/fsinfo', { fs: REMOTE }),
    async put(key, bytes) {
      const name = `put-${++files}`;
      await writeFile(join(folder, name), bytes);
      // It takes files of one size and time for one, by the second.
      const time = FIRST_TIME_S + Math.floor(performance.now());
      await utimes(join(folder, name), time, time);
      await ask('operations/copyfile', {
        ...{ srcFs: folder, srcRemote: name, dstFs: REMOTE, dstRemote: key },
      });
    },
    async get(key) {
      const name = `get-${++files}`;
      await ask('operations/copyfile', {
        ...{ srcFs: REMOTE, srcRemote: key, dstFs: folder, dstRemote: name },
      });
      return { bytes: await readFile(join(folder, name)) };
    },
    async range(key, offset, length) {
      const answer = await fetch(`${url}[${REMOTE}]/${key}`, {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
      });
      return new Uint8Array(await answer.arrayBuffer());
    },
    async stat(key) {
      const { item } = (await ask('operations/stat', { fs: REMOTE, remote: key })) as {
        readonly item: { readonly Size: number };
      };
      return { size: item.Size };
    },
    async list(folderName) {
      const { list } = (await ask('operations/list', { fs: REMOTE, remote: folderName })) as {
        readonly list: readonly { readonly Name: string }[];
      };
      return list.map(({ Name }) => Name);
    },
    // By a filter, for which a folder is listed once: with `--files-from` each name is looked up.
    async deleteMany(keys) {
      const [first = ''] = keys;
      const top = first.split('/')[0] ?? '';
      const rules = keys.map((key) => `/${key.slice(top.length + 1)}`);
      await ask('operations/delete', { fs: `${REMOTE}${top}`, _filter: { IncludeRule: rules } });
    },
    async close() {
      const ended = once(program, 'exit');
      process.off('exit', end);
      end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until rclone says where it listens. `said` gets what it says later, too. */
async function addressOf(program: ChildProcess, said: string[]): Promise<string> {
  if (program.stderr === null) throw new Error('rclone has no output.');
  const output = createInterface({ input: program.stderr });
  return new Promise((resolve, reject) => {
    program.once('error', reject).once('exit', (code) => {
      reject(new Error(`rclone ended with ${code}: ${said.join(' ')}`));
    });
    output.on('line', (line) => {
      said.push(line);
      if (said.length > MAX_SAID) said.shift();
      const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}
