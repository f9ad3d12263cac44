// Runs one server and ends it when the standard input of this process ends, which it does when the
// process that asked for the server stops it, exits or is killed. The first line of the output is
// what that process must know, as JSON.
import { keepServer } from './server-keeper.ts';

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.stdin.destroy());
}
await keepServer(process.argv[2] ?? '', process.stdin, process.stdout);
process.exit();
