import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Telemetry } from '../../../lambda/shared/telemetry.ts';
import { credentialsFromSeed } from '../../../local/credentials.ts';
import { NO_TELEMETRY } from '../../../local/no-telemetry.ts';
import { Planted } from '../../../local/simulation/planted.ts';

const CREDENTIALS = credentialsFromSeed(1);
const NEXT = 'the-next-auth-token-of-the-account';
const NUMBER = '+15550200001';
const SIGNATURE = 'L/OH5YylLD5NRKLltdqwSvS0BnU=';
const BASIC = Buffer.from(`${CREDENTIALS.apiKeySid}:${CREDENTIALS.apiKeySecret}`).toString('base64');
const ROW = { CallSid: 'CA1', Item: 'CALL' };

let planted: Planted;
let telemetry: Telemetry;
beforeEach(() => {
  planted = new Planted(CREDENTIALS, NEXT);
  telemetry = planted.lookedAt(NO_TELEMETRY);
  planted.sent({ headers: { 'X-Twilio-Signature': SIGNATURE } });
  planted.called(NUMBER);
});

describe('what may not come out', () => {
  const SECRETS: readonly [string, string][] = [
    ['an auth token', CREDENTIALS.authToken],
    ['an auth token', NEXT],
    ['the API key’s secret', CREDENTIALS.apiKeySecret],
    ['an Authorization header', `Basic ${BASIC}`],
    ['a signature', `x-twilio-signature: ${SIGNATURE}`],
  ];

  test.each([...SECRETS, ['a whole phone number', `from %2B${NUMBER.slice(1)}`]])(
    'is found in log lines and failures: %s',
    (what, text) => {
      telemetry.info(text, {});
      telemetry.warn('a message', { detail: text });
      telemetry.error('a message', { error: { name: 'SomeError', message: text } });
      planted.lookAtExecutions([{ input: '{}', error: 'SomeError', cause: `{"errorMessage":"${text}"}` }]);
      expect(planted.findings).toEqual([
        `${what} came out: in a log line`,
        `${what} came out: in an execution’s failure`,
      ]);
    },
  );

  test.each(SECRETS)('is found in rows and what executions pass on: %s', (what, text) => {
    planted.lookAtRows([{ ...ROW, Note: text }]);
    planted.lookAtExecutions([{ input: '{}', output: JSON.stringify({ text }) }]);
    expect(planted.findings).toEqual([
      `${what} came out: in a row`,
      `${what} came out: in an execution’s data`,
    ]);
  });

  test.each([
    ['alone', SIGNATURE],
    ['after other base64', `QUJD${SIGNATURE}`],
    ['before another padding', `${SIGNATURE}=`],
    ['after texts with the same end', `a=1&b==&signature=${SIGNATURE}&c=2`],
  ])('is found wherever it stands: a signature %s', (_, text) => {
    planted.lookAtExecutions([{ input: text }]);
    expect(planted.findings).toEqual(['a signature came out: in an execution’s data']);
  });

  test('is found in a metric', () => {
    telemetry.record('CallbackReceived' as never, Number(NUMBER.slice(1)));
    expect(planted.findings).toEqual(['a whole phone number came out: in a metric']);
  });
});

test('a number has its place in a row and in an execution’s input, and what is no secret anywhere', () => {
  planted.lookAtRows([{ ...ROW, From: NUMBER }]);
  planted.lookAtExecutions([{ input: JSON.stringify({ from: NUMBER }) }]);
  telemetry.info('A call', {
    callSid: CREDENTIALS.accountSid,
    at: 1_795_521_600_000,
    from: '+*******0001',
    checksum: `${SIGNATURE.slice(1)} =${SIGNATURE.slice(0, -1)}`,
  });
  expect(planted.findings).toEqual([]);
});
