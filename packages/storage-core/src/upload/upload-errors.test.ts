import { expect, test } from 'vitest';
import { lostUpload, partSentBefore } from './upload-errors.ts';

test('a lost session is begun again, and says what told of it', () => {
  const cause = new Error('404');
  expect(lostUpload({ cause, status: 404 })).toMatchObject({
    code: 'conflict',
    ...{ retryable: false, restart: true, outcome: 'not-applied', status: 404, cause },
  });
  expect(lostUpload().status).toBeUndefined();
});

test('a part that cannot be replaced says what to do', () => {
  expect(partSentBefore()).toMatchObject({ code: 'invalid-argument', outcome: 'not-applied' });
});
