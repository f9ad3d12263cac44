import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Ids of all processes that a process has started, and those have. */
export async function processesBelow(id: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,comm=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , command]) => command !== 'ps');
  const found: number[] = [];
  let parents = [id];
  while (parents.length > 0) {
    parents = rows
      .filter(([, parent]) => parents.includes(Number(parent)))
      .map(([own]) => Number(own));
    found.push(...parents);
  }
  return found;
}
