import { type JobResult, runJob } from '../../src/job.ts';

export function run(): Promise<JobResult> {
  return runJob();
}
