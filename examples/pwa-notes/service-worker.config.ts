import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { build, type Plugin, type ResolvedConfig } from 'vite';

const WORKER = 'service-worker.js';

/**
 * A vite plugin that builds the service worker when all files of the page are written, with the list
 * of them and their hashes in it.
 */
export function serviceWorker(entry: string): Plugin {
  let config: ResolvedConfig | undefined;
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    async writeBundle({ dir }) {
      if (config === undefined || dir === undefined) return;
      const files = await listFiles(dir);
      const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
      const result = await build({
        configFile: false,
        root: config.root,
        logLevel: 'warn',
        publicDir: false,
        define: { PAGE_FILES: JSON.stringify(files), PAGE_VERSION: JSON.stringify(version) },
        build: {
          write: false,
          lib: { entry: join(config.root, entry), formats: ['iife'], name: 'serviceWorker' },
        },
      });
      const [output] = Array.isArray(result) ? result : [result];
      const chunk = output !== undefined && 'output' in output ? output.output[0] : undefined;
      if (chunk === undefined) throw new Error(`${entry} was not built.`);
      await writeFile(join(dir, WORKER), chunk.code);
    },
  };
}

/** Every file of a folder as the browser asks for it. The page itself is the folder. */
async function listFiles(folder: string): Promise<{ url: string; hash: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== WORKER && !path.endsWith('.map'))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const hash = createHash('sha256')
        .update(await readFile(join(folder, path)))
        .digest('base64');
      return { url: path === 'index.html' ? './' : `./${path}`, hash: `sha256-${hash}` };
    }),
  );
}
