import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { createLogger, build as viteBuild } from 'vite';
import webpack from 'webpack';

/** What a bundler is to build: `index.html` with the module `page.js`, as users have them. */
export interface BuildJob {
  /** The folder that holds both, with its own node_modules. */
  readonly project: string;
  /** Where the built page goes. */
  readonly output: string;
}

/** Builds a page as small as the bundler makes it without settings. Returns what it warned of; rejects for errors. */
export type Bundler = (job: BuildJob) => Promise<readonly string[]>;

export type BundlerName = 'vite' | 'webpack' | 'esbuild';

/** The bundlers that pages are built with. */
export const BUNDLERS: Readonly<Record<BundlerName, Bundler>> = {
  async vite({ project, output }) {
    const warnings: string[] = [];
    const logger = createLogger('silent');
    const warn = (message: string) => {
      warnings.push(message);
    };
    await viteBuild({
      root: project,
      base: './',
      configFile: false,
      logLevel: 'warn',
      customLogger: { ...logger, warn, warnOnce: warn },
      build: { outDir: output, emptyOutDir: true },
    });
    return warnings;
  },

  async webpack({ project, output }) {
    const compiler = webpack({
      mode: 'production',
      context: project,
      entry: './page.js',
      output: { path: output, filename: 'page.js' },
      // Its advice about entries over 244 KiB; sizes are held by the budgets of the packages.
      performance: false,
    });
    const warnings = await new Promise<readonly string[]>((resolve, reject) => {
      compiler.run((failure, stats) => {
        const { errors = [], warnings: found = [] } = stats?.toJson() ?? {};
        const texts = errors.map(({ message }) => message);
        compiler.close(() => {
          if (failure !== null) reject(failure);
          else if (texts.length > 0) reject(new Error(texts.join('\n')));
          else resolve(found.map(({ message }) => message));
        });
      });
    });
    await cp(join(project, 'index.html'), join(output, 'index.html'));
    return warnings;
  },

  async esbuild({ project, output }) {
    const { warnings } = await esbuild({
      absWorkingDir: project,
      entryPoints: ['page.js'],
      outdir: output,
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      logLevel: 'silent',
    });
    await cp(join(project, 'index.html'), join(output, 'index.html'));
    return warnings.map(({ text }) => text);
  },
};
