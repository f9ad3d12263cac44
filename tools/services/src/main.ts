// pnpm service up <name>: runs a server in the foreground until Ctrl+C. pnpm service list names them.
import { once } from 'node:events';
import { runServiceCommand } from './service-command.ts';

process.exitCode = await runServiceCommand(process.argv.slice(2), {
  print: console.log,
  complain: console.error,
  interrupted: () =>
    Promise.race([once(process, 'SIGHUP'), once(process, 'SIGINT'), once(process, 'SIGTERM')]),
});
