import { describe, expect, test } from '@jest/globals';
import type { AuthTokens } from '../../cli/auth-tokens.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { Failure } from '../../cli/failure.ts';
import { checkMedia, mediaFinding } from '../../cli/media-check.ts';
import { checkSecret, type SecretChecks } from '../../cli/secret-check.ts';
import { TwilioAccount } from '../../cli/twilio-account.ts';
import { twilioSecret } from '../lambda/support/secrets.ts';
import { ACCOUNT_SID, RECORDING_SID } from '../lambda/support/sids.ts';
import { startApi } from './api-double.ts';

const DAY = 24 * 60 * 60_000;
const NOW = Date.UTC(2026, 10, 25);
const [A, B] = ['the-current-auth-token', 'the-next-auth-token-is'];

/** What is found of a secret with these tokens. */
async function look({
  tokens = [A],
  primary = A as string | null,
  works = true,
  days = 1,
  accountSid = ACCOUNT_SID,
  failure = undefined as Failure | undefined,
} = {}) {
  const checks: SecretChecks = {
    secrets: {
      read: async () => {
        if (failure) throw failure;
        const createdAt = NOW - days * DAY;
        return {
          secret: twilioSecret({ authTokens: [...tokens] }),
          versionId: '1',
          mark: undefined,
          createdAt,
          changedAt: createdAt,
        };
      },
      replace: () => Promise.reject(new Error('doctor changes nothing')),
    },
    authTokensOf: () =>
      ({
        observe: async () => ({ accepted: [], primary: primary ?? undefined, now: NOW }),
      }) as unknown as AuthTokens,
    keyWorks: async () => works,
  };
  const checked = await checkSecret(accountSid, checks);
  return {
    signer: checked.primary,
    findings: checked.findings.map(({ level, check, found, remedy }) =>
      level === 'ok' ? `ok ${check}` : `${level} ${check}: ${found} ${remedy}`,
    ),
  };
}

const failure = (exitCode: Failure['exitCode']): Failure =>
  new Failure({ exitCode, title: 'Not', detail: 'so.', hint: 'Do this.' });

describe('the secret', () => {
  test('is right', async () => {
    expect(await look()).toEqual({
      signer: A,
      findings: ['ok secret', 'ok API key', 'ok auth tokens', 'ok token age'],
    });
  });

  test.each([
    [
      'is of another account',
      { accountSid: `AC${'0'.repeat(32)}` },
      /^problem secret: it is of the account AC/,
    ],
    ['has a key that is refused', { works: false }, /^problem API key: .*PutSecretCommand/],
    ['has no token of Twilio’s', { primary: null }, /^problem auth tokens: Twilio takes none/],
    ['lacks the one that signs', { primary: B }, /^problem auth tokens: .*`npx recorder rotate`/],
    ['has two', { tokens: [A, B] }, /^warning auth tokens: the secret holds 2: .*`npx recorder rotate`/],
    ['is old', { days: 91 }, /^warning token age: .* 91 days ago\. Run `npx recorder rotate`/],
    ['cannot be read', { failure: failure(EXIT.notAllowed) }, /^warning secret: .* Do this\.$/],
    ['is not what it has to be', { failure: failure(EXIT.conflict) }, /^problem secret: .* Do this\.$/],
  ])('%s', async (_, setting, finding) => {
    const { findings } = await look(setting);
    expect(findings.filter((line) => !line.startsWith('ok '))).toEqual([expect.stringMatching(finding)]);
  });

  test('in which nobody finds what Twilio signs with gives no signer', async () => {
    expect((await look({ primary: B })).signer).toBeUndefined();
  });
});

describe('the file of a recording', () => {
  test.each([
    [401, 'ok'],
    [403, 'ok'],
    [200, 'problem'],
    [302, 'problem'],
    [404, 'warning'],
    [500, 'warning'],
  ])('answered with %i: %s', (status, level) => {
    expect(mediaFinding(status)).toMatchObject({ level });
  });

  test('is asked for without credentials, and without its bytes', async () => {
    const recordings = [
      { sid: `RE${'0'.repeat(32)}`, status: 'processing' },
      { sid: RECORDING_SID, status: 'completed' },
    ];
    await using api = await startApi({ body: { recordings } }, { body: '' });
    const { apiKeySid, apiKeySecret } = twilioSecret();
    const account = new TwilioAccount({ accountSid: ACCOUNT_SID, apiKeySid, apiKeySecret, apiUrl: api.url });
    expect(await checkMedia(account)).toMatchObject({ level: 'problem', remedy: expect.any(String) });
    const [, media] = api.seen;
    expect(media).toMatchObject({
      method: 'HEAD',
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${RECORDING_SID}.wav`,
    });
    expect(media?.headers).not.toHaveProperty('authorization');
  });

  test.each([
    [401, 'may not list'],
    [500, 'could not be looked at'],
  ])('is unknown where the list is answered with %i', async (status, found) => {
    await using api = await startApi({ status, body: {} });
    const { apiKeySid, apiKeySecret } = twilioSecret();
    const account = new TwilioAccount({ accountSid: ACCOUNT_SID, apiKeySid, apiKeySecret, apiUrl: api.url });
    expect(await checkMedia(account)).toMatchObject({
      level: 'warning',
      found: expect.stringContaining(found),
    });
  });
});
