import { expect, test } from 'vitest';
import { checkEndpoint, isLoopback } from './check-endpoint.ts';

test.each([
  'https://storage.example',
  'https://storage.example:9000/base',
  'http://127.0.0.1:9000',
  'http://localhost',
  'http://[::1]:80/',
  'http://minio.localhost:9000',
])('takes %s', (endpoint) => {
  expect(checkEndpoint(endpoint).href).toBe(new URL(endpoint).href);
});

test.each([
  ['storage.example', 'no URL'],
  ['ftp://storage.example', 'no URL'],
  ['https://user:secret@storage.example', 'credentials'],
  ['https://storage.example?sig=secret', 'credentials'],
  ['https://storage.example#x', 'credentials'],
  ['http://storage.example', 'without encryption'],
  ['http://127.0.0.1.example', 'without encryption'],
])('refuses %s', (endpoint, why) => {
  const attempt = () => checkEndpoint(endpoint);
  expect(attempt).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  expect(attempt).toThrow(why);
  expect(attempt).not.toThrow('secret');
});

test('takes plain http to another machine where that is allowed', () => {
  expect(checkEndpoint('http://10.0.0.1', { allowInsecure: true }).hostname).toBe('10.0.0.1');
});

test('knows the names of this machine', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'].every(isLoopback)).toBe(true);
  expect(['10.0.0.1', 'localhost.example', '[::2]'].some(isLoopback)).toBe(false);
});
