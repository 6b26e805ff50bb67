import { expect, test } from '@jest/globals';
import { isLoopback, regionOfHost } from '../../cli/authorization.ts';
import { baseUrl } from '../../cli/connection.ts';

test.each([
  ['abc123.execute-api.eu-central-1.amazonaws.com', 'eu-central-1'],
  ['abc123.execute-api.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['abc123-vpce-0a1b.execute-api.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['abc123.execute-api.us-east-1.api.aws', 'us-east-1'],
  ['recorder.example.com', undefined],
  ['abc123.execute-api.us-east-1.amazonaws.com.example.com', undefined],
])('the region of %s is %s', (host, region) => {
  expect(regionOfHost(host)).toBe(region);
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['[::1]', true],
  ['127.0.0.1.example.com', false],
  ['example.com', false],
])('%s is this machine: %s', (host, here) => {
  expect(isLoopback(host)).toBe(here);
});

test.each([
  ['https://abc.execute-api.us-east-1.amazonaws.com', 'https://abc.execute-api.us-east-1.amazonaws.com'],
  ['https://example.com/prod/', 'https://example.com/prod'],
  ['http://localhost:3000/', 'http://localhost:3000'],
])('%s becomes %s', (text, url) => {
  expect(baseUrl(text)).toBe(url);
});

test.each([
  ['http://example.com'],
  ['https://a:b@example.com'],
  ['https://example.com?a=b'],
  ['example.com'],
])('%s is refused', (text) => {
  expect(() => baseUrl(text)).toThrow('Not the URL of an API');
});
