/** What the service itself does another way than the contract, by scenario. */
export const SERVICE_GAPS: Readonly<Record<string, string>> = {
  'PRE-1 answers 404 or 403 for a missing object':
    'the service signs reading of existing objects alone, and answers 400 with 404 in the body',
  'PRE-3 signs without a request, and without showing the secret':
    'the service signs, with a key that nobody else has',
};
