import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KeytarModule } from '../src/node.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const CACHE = fileURLToPath(new URL('../node_modules/.cache/keytar', import.meta.url));

/** keytar with its native part, or why it cannot be had here. */
export type BuiltKeytar =
  | { readonly folder: string; readonly missing?: undefined }
  | { readonly missing: string };

/**
 * Builds keytar's native part once for each version of Node, in a copy: `pnpm install` does not, so that
 * nobody needs a compiler. It takes some seconds.
 */
export async function buildKeytar(): Promise<BuiltKeytar> {
  const source = dirname(require.resolve('keytar/package.json'));
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const folder = join(
    CACHE,
    `${version}-${process.platform}-${process.arch}-${process.versions.modules}`,
  );
  if (existsSync(join(folder, 'build', 'Release', 'keytar.node'))) return { folder };

  const headers = nodeHeaders();
  if (headers === undefined)
    return { missing: 'Building keytar needs the headers of Node (libnode-dev).' };
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined)
    return { missing: 'Building keytar needs npm, which brings node-gyp.' };
  for (const [program, args, what] of NEEDED) {
    try {
      await run(program, args);
    } catch {
      return { missing: `Building keytar needs ${what}.` };
    }
  }

  await mkdir(CACHE, { recursive: true });
  const copy = await mkdtemp(join(CACHE, 'build-'));
  try {
    await cp(source, copy, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
    const addonApi = dirname(
      createRequire(realpathSync(join(source, 'package.json'))).resolve(
        'node-addon-api/package.json',
      ),
    );
    await cp(addonApi, join(copy, 'node_modules', 'node-addon-api'), { recursive: true });
    const env = { ...process.env, npm_config_nodedir: headers, npm_config_loglevel: 'error' };
    await run(process.execPath, [nodeGyp, 'rebuild'], { cwd: copy, env });
    // Of two that build at once, one gets there first.
    await rename(copy, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n');
    return { missing: `keytar could not be built: ${said.at(-1)}` };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return { folder };
}

/** The package that was built. Loads its native part. */
export function loadKeytar(folder: string): KeytarModule {
  return require(join(folder, 'lib', 'keytar.js')) as KeytarModule;
}

const NEEDED: readonly (readonly [string, readonly string[], string])[] = [
  ['c++', ['--version'], 'a C++ compiler and make (build-essential)'],
  ['make', ['--version'], 'a C++ compiler and make (build-essential)'],
  ['python3', ['--version'], 'python3'],
  ['pkg-config', ['--exists', 'libsecret-1'], 'pkg-config and libsecret-1-dev'],
];

/** Where `include/node` is: the addon uses Node-API, so headers of another version do as well. */
function nodeHeaders(): string | undefined {
  const prefixes = [dirname(dirname(realpathSync(process.execPath))), '/usr', '/usr/local'];
  return prefixes.find((prefix) => existsSync(join(prefix, 'include', 'node', 'node_api.h')));
}

function findNodeGyp(): string | undefined {
  const folders = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders
    .map((folder) => join(folder, 'npm'))
    .filter((npm) => existsSync(npm))
    .map((npm) =>
      join(dirname(realpathSync(npm)), '..', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
    )
    .find((path) => existsSync(path));
}
