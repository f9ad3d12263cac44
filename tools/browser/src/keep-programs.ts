// Runs browsers and ends them when the standard input of this process ends, which it does when the
// process that asked for them stops them, exits or is killed.
import { keepPrograms } from './program-keeper.ts';

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.stdin.destroy());
}
await keepPrograms(process.stdin, process.stdout);
process.exit();
