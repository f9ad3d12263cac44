import { StorageError } from '@granary/storage/browser';
import { describe, expect, test } from 'vitest';
import { describeError, warningText } from './describe-error.ts';
import { emptyNote } from './note.ts';
import { sampleNotes } from './sample-notes.ts';
import { planShare, shareText } from './share-plan.ts';
import { countText, sizeText, whenText } from './wording.ts';

const NOW = new Date(2026, 10, 21, 15, 30);

describe('errors', () => {
  test('of the storage are told with what to do next', () => {
    const full = new StorageError('quota-exceeded', 'no room.', { provider: 'idb', key: 'a' });
    expect(describeError('save this note', full)).toEqual({
      title: 'There is no room left in this browser: could not save this note',
      hint: 'Remove large files or free some space on the device, then try again.',
      details: 'idb "a": no room.',
    });
  });

  test('keep the hint that they bring', () => {
    const error = new StorageError('unknown', 'odd.', { hint: 'Wait.' });
    expect(describeError('save', error)).toMatchObject({
      ...{ title: 'The storage reports an error: could not save', hint: 'Wait.' },
    });
    expect(describeError('save', new StorageError('unknown', 'odd.')).hint).toBe('');
  });

  test('of anything else are told as they are', () => {
    expect(describeError('open', new Error('broken'))).toEqual({
      ...{ title: 'Could not open', hint: 'broken', details: 'broken' },
    });
    expect(describeError('open', 'text').details).toBe('text');
  });

  test('and warnings say what they mean for notes', () => {
    expect(warningText({ code: 'not-durable', message: 'x' })).toMatch(/export them/);
    expect(warningText({ code: 'fell-back', message: 'x' })).toBe('x');
  });
});

describe('words', () => {
  test.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1400, '1.4 kB'],
    [9960, '10 kB'],
    [999_600, '1.0 MB'],
    [2.5e9, '2.5 GB'],
    [5e15, '5000 TB'],
  ])('for a size of %d bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  test('for counts know one and many', () => {
    expect(countText(1, 'note')).toBe('1 note');
    expect(countText(10_000, 'note')).toBe('10,000 notes');
  });

  test('for dates are as short as they can be', () => {
    expect(whenText(new Date(2026, 10, 21, 9, 5), NOW)).toMatch(/^9:05\sAM$/);
    expect(whenText(new Date(2026, 1, 3), NOW)).toBe('Feb 3');
    expect(whenText(new Date(2025, 1, 3), NOW)).toBe('Feb 3, 2025');
  });
});

describe('sharing', () => {
  const note = { ...emptyNote('a', NOW), title: 'Bread: rye?', text: 'Honey', tags: ['todo'] };
  const file = new File(['x'], 'a.txt');

  test('takes files along where the browser does', () => {
    const plan = planShare(note, [file], { canShare: () => true, hasClipboard: true });
    expect(plan).toMatchObject({ by: 'share', data: { title: 'Bread: rye?', files: [file] } });
  });

  test('leaves files out where it does not', () => {
    const canShare = ({ files }: { readonly files?: File[] }) => files === undefined;
    const plan = planShare({ ...note, title: '' }, [file], { canShare, hasClipboard: true });
    expect(plan).toEqual({ by: 'share', data: { title: 'Note', text: 'Honey\n\n#todo' } });
  });

  test('copies, or downloads, where nothing can be shared', () => {
    const canShare = () => false;
    expect(planShare(note, [], { canShare, hasClipboard: true })).toEqual({
      ...{ by: 'clipboard', text: shareText(note) },
    });
    expect(planShare(note, [], { canShare, hasClipboard: false })).toMatchObject({
      ...{ by: 'download', fileName: 'Bread-rye.md' },
    });
    const odd = planShare({ ...note, title: '???' }, [], { canShare, hasClipboard: false });
    expect(odd).toMatchObject({ fileName: 'note.md' });
  });
});

describe('samples', () => {
  test('are as many as asked for, each with its own id, none from the future', () => {
    const notes = sampleNotes(300, NOW);
    expect(new Set(notes.map(({ id }) => id)).size).toBe(300);
    expect(
      notes.every(({ createdAt, changedAt }) => createdAt <= changedAt && changedAt < NOW),
    ).toBe(true);
    expect(sampleNotes(300, NOW)).toEqual(notes);
  });
});
