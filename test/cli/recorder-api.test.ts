import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { EXIT } from '../../cli/exit-codes.ts';
import { RecorderApi, wasNeverSent } from '../../cli/recorder-api.ts';
import { type AuthorizedEvent, recordingControl } from '../../lambda/recording-control/recording-control.ts';
import {
  SecretInvalidError,
  SecretUnavailableError,
  StoreUnavailableError,
} from '../../lambda/shared/errors.ts';
import { fakeTelemetry } from '../lambda/support/fake-telemetry.ts';
import { CALL } from './samples.ts';

const api = new RecorderApi('https://api.example', async ({ headers }) => ({ headers, byToken: false }));

/** What `fetch` throws. */
const fetchFailed = (cause: object): Error => new TypeError('fetch failed', { cause });
const withCode = (code: string, syscall?: string): Error => Object.assign(new Error(code), { code, syscall });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a command without an answer', () => {
  test.each([
    ['there is no such host', withCode('ENOTFOUND', 'getaddrinfo')],
    ['names cannot be looked up', withCode('EAI_AGAIN', 'getaddrinfo')],
    ['nobody listens', withCode('ECONNREFUSED', 'connect')],
    ['there is no way there', withCode('ENETUNREACH', 'connect')],
    ['nobody listens at any of its addresses', new AggregateError([withCode('ECONNREFUSED', 'connect')])],
    ['the connection took too long', withCode('UND_ERR_CONNECT_TIMEOUT')],
    ['its certificate is old', withCode('CERT_HAS_EXPIRED')],
    ['its certificate is of another host', withCode('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['nobody vouches for it', withCode('DEPTH_ZERO_SELF_SIGNED_CERT')],
  ])('was never sent: %s', async (_what, cause) => {
    jest.spyOn(globalThis, 'fetch').mockRejectedValue(fetchFailed(cause));
    expect(wasNeverSent(fetchFailed(cause))).toBe(true);
    await expect(api.command(CALL, { action: 'stop' })).rejects.toMatchObject({ exitCode: EXIT.failed });
  });

  test.each([
    ['the connection broke', fetchFailed(withCode('ECONNRESET', 'read'))],
    ['it could not all be written', fetchFailed(withCode('EPIPE', 'write'))],
    ['the other side closed', fetchFailed(withCode('UND_ERR_SOCKET'))],
    ['no head came', fetchFailed(withCode('UND_ERR_HEADERS_TIMEOUT'))],
    [
      'it broke at one address',
      fetchFailed(new AggregateError([withCode('ECONNREFUSED', 'connect'), withCode('ECONNRESET', 'read')])),
    ],
    ['it took too long', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['nobody knows why', new Error('strange')],
  ])('may have been carried out: %s', async (_what, error) => {
    jest.spyOn(globalThis, 'fetch').mockRejectedValue(error);
    await expect(api.command(CALL, { action: 'stop' })).rejects.toMatchObject({
      exitCode: EXIT.unconfirmed,
      message: expect.stringContaining('give the command again until it is confirmed'),
    });
    await expect(api.call(CALL)).rejects.toMatchObject({ exitCode: EXIT.failed });
  });

  test('may have been carried out: the answer broke off', async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(body));
    await expect(api.command(CALL, { action: 'stop' })).rejects.toMatchObject({
      exitCode: EXIT.unconfirmed,
    });
  });
});

/** The two sides in one test. */
describe('a command that the recorder could not carry out', () => {
  const answerOf = async (action: string, error: Error): Promise<Response> => {
    const down = () => Promise.reject(error);
    const control = recordingControl({
      secrets: { get: down, getFresh: down },
      withSecret: () => {
        throw error;
      },
      telemetry: fakeTelemetry(),
    });
    const event = {
      pathParameters: { callSid: CALL },
      body: JSON.stringify({ action }),
      requestContext: {},
    } as unknown as AuthorizedEvent;
    const { statusCode, headers, body } = await control(event, 'request');
    return new Response(body, { status: statusCode ?? 0, headers: headers as Record<string, string> });
  };

  test.each([
    ['stop', new StoreUnavailableError('down'), EXIT.failed],
    ['start', new SecretUnavailableError('down'), EXIT.failed],
    ['start', new SecretInvalidError('empty'), EXIT.failed],
    ['pause', new StoreUnavailableError('down'), EXIT.failed],
    ['start', new StoreUnavailableError('down'), EXIT.unconfirmed],
    ['start', new Error('unforeseen'), EXIT.unconfirmed],
    ['stop', new Error('unforeseen'), EXIT.unconfirmed],
  ] as const)('%s: %s', async (action, error, exitCode) => {
    const answer = await answerOf(action, error);
    jest.spyOn(globalThis, 'fetch').mockResolvedValue(answer);
    await expect(api.command(CALL, { action })).rejects.toMatchObject({ exitCode });
  });
});
