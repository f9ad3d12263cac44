import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The job as one module that prints its answer, with nothing left to import, bundled as for a browser. */
export async function bundleJob(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { runJob } from './job.ts'; console.log(JSON.stringify(await runJob()));",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    supported: { 'top-level-await': true },
    conditions: ['@granary/source'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}
