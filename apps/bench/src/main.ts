import { fileURLToPath } from 'node:url';
import { workloads } from './catalog.ts';
import { bench } from './cli/bench.ts';
import { servers } from './servers/servers.ts';

const home = fileURLToPath(new URL('../', import.meta.url));
process.env['NODE_ENV'] = 'production';

process.exitCode = await bench(process.argv.slice(2), {
  workloads,
  servers,
  home,
  worker: fileURLToPath(new URL('worker.ts', import.meta.url)),
  print: (text) => process.stdout.write(`${text}\n`),
  showProgress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  },
  now: () => new Date(),
  onInterrupt(cleanUp) {
    const stop = () => {
      cleanUp();
      process.exit(130);
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
  },
});
