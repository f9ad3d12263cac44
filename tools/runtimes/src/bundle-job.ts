import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Where the job's answer goes. */
export type Answer = 'printed' | 'global' | 'posted';

const ENTRIES: Readonly<Record<Answer, string>> = {
  printed: 'console.log(JSON.stringify(await runJob()));',
  global: 'globalThis.job = runJob();',
  posted: 'postMessage(await runJob());',
};

/** The job as one module with nothing left to import, bundled as for a browser. */
export async function bundleJob(answer: Answer): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { runJob } from './job.ts';\n${ENTRIES[answer]}`,
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
