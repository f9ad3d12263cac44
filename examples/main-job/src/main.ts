import { runJob } from './run-job.ts';

try {
  process.exitCode = await runJob(process.argv.slice(2), {
    cwd: process.cwd(),
    output: process.stdout,
    errors: process.stderr,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
