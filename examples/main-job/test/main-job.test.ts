import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReport } from '../src/report.ts';
import { runJob } from '../src/run-job.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'granary-main-job-'));
  await mkdir(join(place, 'source', 'deep', 'er'), { recursive: true });
  await writeFile(join(place, 'source', 'read me.md'), '# Grün\n');
  await writeFile(join(place, 'source', 'empty'), '');
  await writeFile(join(place, 'source', 'deep', 'er', 'large.bin'), Buffer.alloc(3_000_000, 5));
  await symlink('read me.md', join(place, 'source', 'link.md'));
});

afterEach(() => rm(place, { recursive: true }));

function surroundings() {
  const written = { output: '', errors: '' };
  const into = (name: 'output' | 'errors', isTTY: boolean) => ({
    isTTY,
    write(text: string) {
      written[name] += text;
    },
  });
  return {
    written,
    at: { cwd: place, output: into('output', true), errors: into('errors', false) },
  };
}

test('stores a folder, finds no difference, and does so again', { timeout: 60_000 }, async () => {
  for (const _ of ['first run', 'second run']) {
    const { at, written } = surroundings();
    expect(await runJob(['source'], at)).toBe(0);
    expect(written.errors).toBe('');
    expect(written.output).toContain('stores 3 files (3.0 MB)');
    expect(written.output).toContain('left out: link.md (a link)');
    expect(written.output).toMatch(/in all +\d+ +\d+\.\d+ +\d+\.\d+ +\d+\.\d+ +\d+/);
    expect(written.output).toContain('No differences.');
  }
  expect(await readdir(join(place, 'granary-data', 'files'))).toContain('read me.md');
  expect(await readdir(join(place, 'source'))).toHaveLength(4);
});

test.each([
  ['missing', ['nowhere'], 'cannot be read (ENOENT)'],
  ['a file', ['source/empty'], 'is not a folder'],
  ['empty', ['hollow'], 'holds no files'],
  ['two folders', ['source', 'source'], 'One folder at a time'],
])('says what is wrong with a folder that is %s', async (_, folders, message) => {
  await mkdir(join(place, 'hollow'));
  await expect(runJob(folders, surroundings().at)).rejects.toThrow(message);
});

test('a difference is kept, with what was expected and what came', async () => {
  const report = createReport({ write: () => {} });
  await report.step('look', 2, async ({ done, check }) => {
    check('size', 1, 2);
    check('name', 'a', 'a');
    done(0);
  });
  expect(report.differences).toEqual(['look: size: expected 2, got 1']);
  expect(report.rows).toMatchObject([{ step: 'look', objects: 1, checks: 2 }]);
});
