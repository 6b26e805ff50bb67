import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ControlDependencies } from '../../../lambda/recording/control.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import {
  type AuthorizedEvent,
  recordingControl,
} from '../../../lambda/recording-control/recording-control.ts';
import { SecretUnavailableError } from '../../../lambda/shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../../../lambda/shared/secret.ts';
import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, ok, recordingResource, throttled } from '../support/answers.ts';
import { ControlledCall, DueClock } from '../support/controlled-call.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { secretSource, twilioSecret } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

const WHO = 'arn:aws:iam::111122223333:user/agent';
const RECORDING = `RE${'1'.padStart(32, '0')}`;
const OLD = twilioSecret();
const NEW = twilioSecret({ apiKeySecret: 'the-next-secret-of-the-api-key' });

let clock: DueClock;
let store: MemoryStore;
let twilio: ControlledCall;
let telemetry: FakeTelemetry;
let answers: TwilioAnswer<TwilioRecording>[];
/** The answer to whoever asks about the call with the old secret, if it is another than usual. */
let answerToOld: TwilioAnswer<never> | undefined;
/** The secret that each request to Twilio was made with. */
let usedSecrets: TwilioSecret[];

beforeEach(async () => {
  clock = new DueClock();
  store = memoryStore({ now: clock.now, sleep: async () => undefined });
  twilio = new ControlledCall(clock);
  telemetry = fakeTelemetry();
  answers = [];
  answerToOld = undefined;
  usedSecrets = [];
});

const record = () =>
  store.apply(
    { callSid: CALL_SID, accountSid: ACCOUNT_SID },
    { type: 'recording', source: 'create', recording: recordingState(twilio.begin()) },
  );

function dependenciesWith(secret: TwilioSecret): ControlDependencies {
  return {
    accountSid: ACCOUNT_SID,
    twilio: {
      ...twilio.api,
      fetchCall: async (callSid) => {
        usedSecrets.push(secret);
        return (secret === OLD ? answerToOld : undefined) ?? twilio.api.fetchCall(callSid);
      },
      updateRecording: async (...request) => {
        usedSecrets.push(secret);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return answer ?? twilio.api.updateRecording(...request);
      },
    },
    store,
    clock: { now: clock.now, sleep: async (milliseconds) => clock.advance(milliseconds) },
    random: () => 0.5,
    createParameters: {},
    likeness: {},
    ringTimeoutSeconds: 600,
    asks: false,
    follow: async () => undefined,
  };
}

interface Sent {
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly callSid?: string;
  readonly authorizer?: AuthorizedEvent['requestContext']['authorizer'];
  readonly secrets?: SecretSource;
}

async function send({
  body = '{"action": "pause"}',
  isBase64Encoded = false,
  callSid = CALL_SID,
  authorizer = { iam: { userArn: WHO } },
  secrets = secretSource(OLD),
}: Sent) {
  const handler = recordingControl({ secrets, withSecret: dependenciesWith, telemetry });
  // What the handler reads of an event.
  const event = { pathParameters: { callSid }, requestContext: { authorizer }, body, isBase64Encoded };
  const answer = await handler(event as unknown as AuthorizedEvent, 'request-1');
  return {
    status: answer.statusCode,
    type: answer.headers?.['content-type'],
    body: JSON.parse(answer.body ?? 'null'),
  };
}

const command = (action: string, more: object = {}) => ({ body: JSON.stringify({ action, ...more }) });
const PROBLEM = 'application/problem+json';
const typeOf = (kind: string) => `urn:call-recorder:problem:${kind}`;

describe('a command that is done', () => {
  test('answers what became of it', async () => {
    await record();
    expect(await send(command('pause', { pauseBehavior: 'skip', reason: 'card number' }))).toEqual({
      status: 200,
      type: 'application/json',
      body: {
        callSid: CALL_SID,
        recordingSid: RECORDING,
        action: 'pause',
        before: 'in-progress',
        after: 'paused',
      },
    });
    expect(telemetry.counted).toEqual(['CommandDone']);
  });

  test('that began a recording answers 201', async () => {
    expect(await send(command('start'))).toMatchObject({
      status: 201,
      body: { recordingSid: RECORDING, action: 'start', after: 'in-progress' },
    });
  });

  test('may come base64-encoded', async () => {
    await record();
    const body = Buffer.from('{"action": "stop"}').toString('base64');
    expect(await send({ body, isBase64Encoded: true })).toMatchObject({
      status: 200,
      body: { after: 'stopped' },
    });
  });

  test.each([
    [{ iam: { userArn: WHO } }, WHO],
    [{ jwt: { claims: { sub: 'agent-7' } } }, 'agent-7'],
    [{ jwt: { claims: {} } }, 'unknown'],
    [{}, 'unknown'],
  ])('is by whom API Gateway says: %j', async (authorizer, by) => {
    await record();
    await send({ authorizer });
    expect(store.commands()).toMatchObject([{ by }, { by }]);
  });
});

describe('a request that is not valid', () => {
  test.each([
    ['', 'the body (allowed: a JSON object)'],
    ['{', 'the body (allowed: a JSON object)'],
    ['"pause"', 'the body (allowed: a JSON object)'],
    ['{}', 'action (allowed: one of start, pause, resume, stop).'],
    ['{"reason": "card number"}', 'action (allowed: one of start, pause, resume, stop).'],
    ['{"action": "mute"}', 'action (allowed: one of start, pause, resume, stop)'],
    ['{"action": "pause", "pauseBehavior": "beep"}', 'pauseBehavior (allowed: one of silence, skip)'],
    ['{"action": "stop", "pauseBehavior": "skip"}', 'pauseBehavior (allowed: left out: it goes with pause)'],
    ['{"action": "pause", "reason": ""}', 'reason (allowed: a text of 1 to 256 characters)'],
    [
      `{"action": "pause", "reason": "${'x'.repeat(257)}"}`,
      'reason (allowed: a text of 1 to 256 characters)',
    ],
    ['{"action": "pause", "reason": "\\ud800"}', 'reason (allowed: a text of valid Unicode)'],
    ['{"action": "pause", "status": "paused"}', 'status (allowed: nothing: there is no such field)'],
  ])('%s is a 400 that says what is wrong', async (body, wrong) => {
    await record();
    const answer = await send({ body });
    expect(answer).toMatchObject({
      status: 400,
      type: PROBLEM,
      body: { type: typeOf('invalid-request'), title: 'The request is not valid', status: 400 },
    });
    expect(answer.body.detail).toContain(wrong);
    expect(answer.body.errors).toHaveLength(1);
    expect([usedSecrets, store.commands()]).toEqual([[], []]);
  });

  test.each(['', 'CA1', `ca${'a'.repeat(32)}`])('a path with %j names no call', async (callSid) => {
    expect(await send({ callSid })).toMatchObject({ status: 404, body: { type: typeOf('unknown-call') } });
  });
});

describe('a command that was not carried out', () => {
  test('because nobody knows the call is a 404', async () => {
    expect(await send({})).toMatchObject({
      status: 404,
      type: PROBLEM,
      body: {
        type: typeOf('unknown-call'),
        callSid: CALL_SID,
        detail: expect.stringContaining('nobody should say now'),
      },
    });
  });

  test('because the state does not allow it is a 409 that shows the state', async () => {
    await record();
    twilio.hangUp();
    expect(await send({})).toMatchObject({
      status: 409,
      type: PROBLEM,
      body: {
        type: typeOf('not-possible'),
        callSid: CALL_SID,
        recordingSid: RECORDING,
        recordingStatus: 'in-progress',
        detail: expect.stringContaining('nobody should say now what must not be recorded'),
      },
    });
    expect(telemetry.counted).toEqual([]);
  });

  test('because the recording has ended warns of nothing', async () => {
    await record();
    await send(command('stop'));
    expect((await send(command('pause'))).body).toMatchObject({
      status: 409,
      recordingStatus: 'stopped',
      detail: 'The recording is stopped.',
    });
  });

  test.each([
    ['pause', 'nobody should say now what must not be recorded'],
    ['resume', 'may still be paused'],
    ['stop', 'may go on'],
  ])(
    'because no recording is known yet (%s) says that one may begin, and what that means',
    async (action, warning) => {
      await store.claim({ callSid: CALL_SID, accountSid: ACCOUNT_SID }, 'request-0', clock.now() + 60_000);
      const { status, body } = await send(command(action));
      expect([status, body.type]).toEqual([409, typeOf('not-possible')]);
      expect(body.detail).toContain('knows of no recording of the call yet, and one may begin at any moment');
      expect(body.detail).toContain(warning);
    },
  );

  test.each(['pause', 'resume', 'stop'])(
    'because the call is not recorded (%s) warns of nothing',
    async (action) => {
      await store.apply(
        { callSid: CALL_SID, accountSid: ACCOUNT_SID },
        { type: 'unrecorded', unrecorded: { reason: 'never-answered' } },
      );
      expect((await send(command(action))).body).toMatchObject({
        status: 409,
        type: typeOf('not-possible'),
        detail: 'The recorder knows of no recording of the call, and expects none.',
      });
    },
  );

  test('because another one is under way is a 409', async () => {
    await record();
    await store.beginCommand(
      { callSid: CALL_SID, accountSid: ACCOUNT_SID },
      'request-0',
      clock.now() + 60_000,
    );
    const { status, body } = await send({});
    expect([status, body.type]).toEqual([409, typeOf('under-way')]);
    expect(body.detail).toContain('nobody should say now what must not be recorded');
  });

  test.each([
    ['of unknown end', noAnswer, 504, 'unconfirmed', 'CommandUnconfirmed'],
    ['not done by Twilio', throttled(), 503, 'not-done', 'CommandFailed'],
    ['refused by Twilio', errorAnswer(401, 20003), 502, 'refused', 'CommandFailed'],
  ])('but is %s says loudly what that means', async (_, answer, status, kind, metric) => {
    await record();
    answers = [answer];
    const pause = await send(command('pause'));
    expect(pause).toMatchObject({
      status,
      type: PROBLEM,
      body: { type: typeOf(kind), recordingSid: RECORDING },
    });
    expect(pause.body.detail).toContain('nobody should say now what must not be recorded');
    expect(telemetry.counted).toEqual([metric]);
    clock.advance(60_000);
    expect((await send(command('resume'))).body.detail).toContain('may still be paused');
    clock.advance(60_000);
    expect((await send(command('stop'))).body.detail).toContain('may go on');
  });

  test('because there is nothing to record any more says so', async () => {
    twilio.hangUp();
    const { status, body } = await send(command('start'));
    expect(status).toBe(409);
    expect(body.detail).toContain('none can be started');
  });

  test('to start because somebody else is about to says that a recording may begin', async () => {
    await store.claim({ callSid: CALL_SID, accountSid: ACCOUNT_SID }, 'request-0', clock.now() + 60_000);
    const { status, body } = await send(command('start'));
    expect(status).toBe(409);
    expect(body.detail).toContain('may begin at any moment');
  });

  test('because the table does not say whether it kept what is to be sent is a 504', async () => {
    await record();
    store.down.add('apply');
    const { status, body } = await send(command('stop'));
    expect([status, body.type]).toEqual([504, typeOf('unconfirmed')]);
    expect(body.detail).toContain('Nobody knows whether it was done, or will be.');
    expect(body.detail).not.toContain('Twilio');
    expect(telemetry.counted).toEqual(['CommandUnconfirmed']);
  });

  test('because the table cannot be reached is a 503: nothing was sent', async () => {
    await record();
    store.down.add('beginCommand');
    const { status, type, body } = await send({});
    expect([status, type, body.type]).toEqual([503, PROBLEM, typeOf('nothing-sent')]);
    expect(body).toMatchObject({
      title: 'Nothing was sent to Twilio',
      detail: expect.stringContaining('nobody should say now'),
    });
    expect(telemetry.counted).toEqual(['CommandFailed']);
  });

  test('because a recording that was started cannot be stored does not say that nothing was sent', async () => {
    store.down.add('apply');
    const { status, body } = await send(command('start'));
    expect([status, twilio.recordings.length]).toEqual([503, 1]);
    expect(body.detail).toBe(
      'The recorder failed. A recording may have been started all the same. Try again.',
    );
  });

  test('because the secret cannot be read is a 503: nothing was sent', async () => {
    await record();
    const secrets: SecretSource = {
      get: () => Promise.reject(new SecretUnavailableError('down')),
      getFresh: () => Promise.reject(new SecretUnavailableError('down')),
    };
    const { status, body } = await send({ secrets });
    expect([status, body.type]).toEqual([503, typeOf('nothing-sent')]);
    expect(body.detail).toContain('The recorder could not begin');
  });
});

describe('an API key that was rotated', () => {
  const rotated: SecretSource = { get: async () => OLD, getFresh: async () => NEW };

  test('is read afresh, and the command given again', async () => {
    await record();
    answers = [errorAnswer(401, 20003), ok(recordingResource({ sid: RECORDING, status: 'paused' }))];
    expect(await send({ secrets: rotated })).toMatchObject({ status: 200, body: { after: 'paused' } });
    expect(usedSecrets).toEqual([OLD, NEW]);
  });

  test('is read afresh for a start too', async () => {
    answerToOld = errorAnswer(401, 20003);
    expect(await send({ ...command('start'), secrets: rotated })).toMatchObject({ status: 201 });
    expect(usedSecrets).toEqual([OLD, NEW]);
  });

  test('that is wrong is refused to a start, and not said to be worth another try', async () => {
    answerToOld = errorAnswer(401, 20003);
    const { status, body } = await send(command('start'));
    expect([status, body.type]).toEqual([502, typeOf('refused')]);
    expect(body.detail).toBe('Twilio answered HTTP 401, code 20003. Another try will not help.');
  });

  test('is not tried again when it is the same', async () => {
    await record();
    answers = [errorAnswer(401, 20003)];
    expect(await send({})).toMatchObject({ status: 502 });
    expect(usedSecrets).toEqual([OLD]);
  });
});
