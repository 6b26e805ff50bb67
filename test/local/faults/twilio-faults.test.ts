import { describe, expect, test } from '@jest/globals';
import { FAULT_PROFILES, type FaultProfile } from '../../../local/faults/profile.ts';
import { twilioFaults } from '../../../local/faults/twilio-faults.ts';
import type { Faults } from '../../../local/twilio-simulator/simulator.ts';
import { Socketless } from '../twilio-simulator/socketless.ts';

const CALLBACK = { callSid: 'CA1', recordingSid: 'RE1', recordingStatus: 'completed' };

const always = (share: Partial<FaultProfile>) => twilioFaults({ ...FAULT_PROFILES.none, ...share }, 1);

let requestId = 0;

/** What befalls one request, when it arrives and when it was processed. */
function ask(faults: Faults, operation: string, callSid: string | undefined) {
  requestId += 1;
  const about = { operation, callSid, recordingSid: undefined, requestId };
  return [faults.requestReceived(about), faults.requestProcessed(about)];
}

const NO_ANSWER = { delayMs: 60_000, reset: true };
const TOO_MANY_REQUESTS = { replacement: { httpStatus: 429, code: 20429, message: 'Too Many Requests' } };
const SERVER_ERROR = { replacement: expect.objectContaining({ code: 20500 }) };

const CREATE = 'CreateCallRecording';
const ANY = [CREATE, 'UpdateCallRecording', 'ListCallRecording', 'FetchCall', 'ListCall'];

describe('faults of Twilio', () => {
  test.each<[string, Partial<FaultProfile>, unknown, unknown]>([
    ['none', {}, {}, {}],
    ['429', { twilioTooManyRequests: 1 }, TOO_MANY_REQUESTS, {}],
    ['an error before', { twilioErrorBefore: 1 }, SERVER_ERROR, {}],
    ['an error after', { twilioErrorAfter: 1 }, {}, SERVER_ERROR],
    ['a time-out before', { twilioTimeoutBefore: 1 }, NO_ANSWER, {}],
    ['a time-out after', { twilioTimeoutAfter: 1 }, {}, NO_ANSWER],
  ])('befall any request: %s', (_name, share, received, processed) => {
    for (const operation of ANY) {
      expect(ask(always(share), operation, 'CA1')).toEqual([received, processed]);
    }
  });

  test('befall creates only, where they are of creates', () => {
    for (const operation of ANY.slice(1)) {
      expect(ask(always({ twilioLateCommit: 1 }), operation, 'CA1')).toEqual([{}, {}]);
      expect(ask(always({ answerAfterCallback: 1 }), operation, 'CA1')).toEqual([{}, {}]);
    }
    const [late, unanswered] = ask(always({ twilioLateCommit: 1 }), CREATE, 'CA1');
    expect(late?.delayMs).toBeGreaterThanOrEqual(3_000);
    expect(late?.delayMs).toBeLessThanOrEqual(9_000);
    expect(unanswered).toEqual(NO_ANSWER);
    const [undelayed, slow] = ask(always({ answerAfterCallback: 1 }), CREATE, 'CA1');
    expect(undelayed).toEqual({});
    expect(slow?.delayMs).toBeGreaterThanOrEqual(500);
    expect(slow?.delayMs).toBeLessThanOrEqual(2_000);
  });

  test('lose callbacks, double them and keep them back', () => {
    expect(always({}).callbackDue(CALLBACK)).toEqual([0]);
    expect(always({ callbackLost: 1 }).callbackDue(CALLBACK)).toEqual([]);
    expect(always({ callbackTwice: 1 }).callbackDue(CALLBACK)).toEqual([0, expect.any(Number)]);
    const [late, ...others] = always({ callbackLate: 1 }).callbackDue(CALLBACK);
    expect(others).toEqual([]);
    expect(late).toBeGreaterThanOrEqual(2_000);
    expect(late).toBeLessThanOrEqual(120_000);
  });

  test('keep recordings out of lists', () => {
    expect(always({}).listLagMs(CALLBACK)).toBe(0);
    const lag = always({ listLag: 1 }).listLagMs(CALLBACK);
    expect(lag).toBeGreaterThanOrEqual(500);
    expect(lag).toBeLessThanOrEqual(3_000);
  });

  test('stop recordings', () => {
    expect(always({}).stoppedAfterMs(CALLBACK)).toBeUndefined();
    const after = always({ stoppedByOthers: 1 }).stoppedAfterMs(CALLBACK);
    expect(after).toBeGreaterThanOrEqual(1_000);
    expect(after).toBeLessThanOrEqual(120_000);
  });

  test('are as frequent as the profile says', () => {
    const faults = twilioFaults(FAULT_PROFILES.heavy, 1);
    const statuses = Array.from({ length: 20_000 }, (_, call) => {
      const [received] = ask(faults, 'FetchCall', `CA${call}`);
      return received?.replacement?.httpStatus;
    });
    const share = (...wanted: number[]) =>
      statuses.filter((status) => wanted.includes(status ?? 0)).length / statuses.length;
    expect(share(429)).toBeCloseTo(FAULT_PROFILES.heavy.twilioTooManyRequests, 2);
    expect(share(500, 503)).toBeCloseTo(FAULT_PROFILES.heavy.twilioErrorBefore, 2);
    expect(share(500)).toBeGreaterThan(0);
    expect(share(503)).toBeGreaterThan(0);
  });

  test('are the same for a call whatever befalls others', () => {
    const story = (seed: number, others: readonly (string | undefined)[]) => {
      const faults = twilioFaults(FAULT_PROFILES.heavy, seed);
      return Array.from({ length: 200 }, () => {
        for (const other of others) ask(faults, 'ListCall', other);
        return [ask(faults, CREATE, 'CA1'), faults.callbackDue(CALLBACK), faults.listLagMs(CALLBACK)];
      });
    };
    const alone = story(1, []);
    expect(story(1, ['CA2', undefined])).toEqual(alone);
    expect(story(2, [])).not.toEqual(alone);
  });
});

describe('a simulated Twilio with faults', () => {
  const TALK = '<Response><Say/><Pause length="60"/></Response>';

  test.each<[string, Partial<FaultProfile>, number]>([
    ['a late commit', { twilioLateCommit: 1 }, 1],
    ['a time-out after', { twilioTimeoutAfter: 1 }, 1],
    ['a time-out before', { twilioTimeoutBefore: 1 }, 0],
  ])('leaves its client without an answer: %s', async (_name, share, recordings) => {
    const twilioSide = new Socketless(() => TALK, { faults: always(share) });
    const call = twilioSide.place();
    await twilioSide.pass(1_000);
    const asked = twilioSide.rest('POST', `/Calls/${call.sid}/Recordings.json`);
    await twilioSide.finish();
    expect((await asked).httpStatus).toBeUndefined();
    expect(call.recordings).toHaveLength(recordings);
  });

  test('stops a recording and answers with an error', async () => {
    const twilioSide = new Socketless(() => TALK, { faults: always({ twilioErrorAfter: 1 }) });
    const call = twilioSide.place();
    await twilioSide.pass(1_000);
    const created = await twilioSide.rest('POST', `/Calls/${call.sid}/Recordings.json`);
    const recording = `/Calls/${call.sid}/Recordings/${call.recordings[0]?.sid}.json`;
    const stopped = await twilioSide.rest('POST', recording, { Status: 'stopped' });
    expect([created, stopped].map(({ body }) => body.code)).toEqual([20500, 20500]);
    expect(call.recordings).toMatchObject([{ status: 'stopped', endedBy: 'api' }]);
  });
});
