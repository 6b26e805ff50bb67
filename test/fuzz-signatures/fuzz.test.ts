import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fuzz } from './fuzz.ts';
import { isGenuine, signatureOf } from './oracle.ts';
import { requests, TOKENS } from './requests.ts';

const REQUESTS = 1_000;

describe('the second implementation of the signature', () => {
  test('signs as the example of Twilio’s documentation does', () => {
    const parameters = {
      To: '+18005551212',
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675310',
      Digits: '1234',
      From: '+14158675310',
    };
    const url = 'https://example.com/myapp.php?foo=1&bar=2';
    expect(signatureOf('12345', url, Object.entries(parameters))).toBe('L/OH5YylLD5NRKLltdqwSvS0BnU=');
  });

  test('tells apart what is drawn, and needs the token to', () => {
    const drawn = fc.sample(requests, { numRuns: 200, seed: 1 });
    expect(drawn.filter(({ mutation }) => mutation === 'none').every((one) => isGenuine(one, TOKENS))).toBe(
      true,
    );
    expect(drawn.filter((one) => isGenuine(one, TOKENS)).length).toBeLessThan(150);
    expect(drawn.some((one) => isGenuine(one, ['some-other-token-entirely']))).toBe(false);
  });
});

test(`of ${REQUESTS} requests, forged or not, none is accepted or refused wrongly`, async () => {
  const { figures, findings } = await fuzz(REQUESTS, 7);
  expect(findings).toEqual([]);
  expect(figures).toMatchObject({
    acceptedWrongly: 0,
    refusedWrongly: 0,
    uncaught: 0,
    serverErrors: 0,
    effectsOfRefused: 0,
  });
  expect(figures.genuineAccepted).toBeGreaterThan(REQUESTS / 4);
  expect(figures.forgedRefused).toBeGreaterThan(REQUESTS / 4);
});

test('a recorder that knew one token less would be found out', async () => {
  const { figures } = await fuzz(100, 7, { authTokens: TOKENS.slice(0, 1) });
  expect(figures.refusedWrongly).toBeGreaterThan(10);
});
