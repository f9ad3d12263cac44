import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { createLogger, build as viteBuild } from 'vite';
import webpack, { type StatsCompilation } from 'webpack';

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
      // Its advice about assets over 244 KiB and a runtime chunk; the sizes are printed by the test.
      performance: false,
    });
    const { errors = [], warnings = [] } = await new Promise<StatsCompilation>(
      (resolve, reject) => {
        compiler.run((failure, stats) =>
          compiler.close(() =>
            stats === undefined ? reject(failure) : resolve(stats.toJson('errors-warnings')),
          ),
        );
      },
    );
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
    await cp(join(project, 'index.html'), join(output, 'index.html'));
    return warnings.map(({ message }) => message);
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
