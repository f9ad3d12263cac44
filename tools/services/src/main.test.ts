import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
  vi.resetModules();
});

test('lists the services', async () => {
  vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'main.ts', 'list']);
  const print = vi.spyOn(console, 'log').mockReturnValue();
  await import('./main.ts');
  expect(print).toHaveBeenCalledWith(
    expect.stringMatching(/azure[\s\S]*gcs[\s\S]*s3[\s\S]*supabase/),
  );
  expect(process.exitCode).toBe(0);
});

test('ends with 2 after an unknown name', async () => {
  vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'main.ts', 'up', 'ftp']);
  const complain = vi.spyOn(console, 'error').mockReturnValue();
  await import('./main.ts');
  expect(complain).toHaveBeenCalledWith(expect.stringContaining("no service 'ftp'"));
  expect(process.exitCode).toBe(2);
});
