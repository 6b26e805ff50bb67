import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { YES } from '../../../lambda/recording/consent.ts';
import { ROUTES } from '../../../lambda/shared/contract.ts';
import type { Telemetry } from '../../../lambda/shared/telemetry.ts';
import { credentialsFromSeed, secretValue } from '../../../local/credentials.ts';
import { type CloudFaults, type EffectTarget, NO_CLOUD_FAULTS } from '../../../local/faults/cloud-faults.ts';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';
import { operatorsFromSeed, principalsFor } from '../../../local/operators.ts';
import { createCloud } from '../../../local/simulation/cloud.ts';
import { TWILIO_URL } from '../../../local/simulation/run.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
import { type AnswerFault, type Faults, NO_FAULTS } from '../../../local/twilio-simulator/faults.ts';
import { type CallScript, type Key, TwilioSimulator } from '../../../local/twilio-simulator/simulator.ts';
import { formOf, statusParameters, voiceParameters } from '../../lambda/support/webhooks.ts';
import { signHeaders } from '../host/signing.ts';
import { START } from './support.ts';

export interface MisfortunesOptions {
  /** A recorder with a notice, and one that asks first, whose callers may also say no later. */
  readonly plain: CloudFormationTemplate;
  readonly asked: CloudFormationTemplate;
  readonly optOutKey: Key;
  readonly telemetry: Telemetry;
}

const SEED = 2;
const MINUTE = 60_000;
/** Whoever asked has given up on an answer, has looked, and has asked again. */
const LATE_MS = 10_000;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const NUMBERS = { from: '+15550200123', to: '+15550100100' };
const APPLICATION = '<Response><Pause length="3600"/></Response>';

/** One of each misfortune that is rare among seeded calls, or that operators and strangers have a part in. */
export async function misfortunes({ plain, asked, optOutKey, telemetry }: MisfortunesOptions): Promise<void> {
  using time = VirtualTime.install({ startAt: START, seed: SEED });
  const credentials = credentialsFromSeed(SEED);
  const operators = operatorsFromSeed(SEED);
  const twilio = switchableTwilio();
  const aws = switchableAws();
  const simulator: TwilioSimulator = TwilioSimulator.withoutServer({
    seed: SEED,
    credentials,
    url: TWILIO_URL,
    faults: twilio.faults,
    transport: {
      exchange: (request) => (request.url.startsWith('https://asked.') ? asking : cloud).exchange(request),
    },
  });
  const common = {
    seed: SEED,
    twilioUrl: TWILIO_URL,
    twilio: simulator.request.bind(simulator),
    telemetry,
  };
  using cloud = await createCloud({
    ...common,
    template: plain,
    publicUrl: 'https://plain.example.com',
    secretValue: 'no secret yet',
    faults: aws.faults,
    principals: principalsFor(plain, operators) ?? [],
  });
  using asking = await createCloud({
    ...common,
    template: asked,
    publicUrl: 'https://asked.example.com',
    secretValue: secretValue(credentials),
  });

  const origin = 'https://plain.example.com';
  const post = (url: string, headers: Readonly<Record<string, string>>, body: string) =>
    cloud.exchange({ url, method: 'POST', headers, body, connectTimeoutMs: 5_000, readTimeoutMs: 30_000 });
  const forgedWebhook = () =>
    post(cloud.voiceUrl(), { ...FORM, 'X-Twilio-Signature': 'forged' }, formOf(voiceParameters()));
  /** Of a call that nobody announced. */
  const callback = (RecordingStatus: string, of: Partial<ReturnType<typeof statusParameters>> = {}) => {
    const { accountSid: AccountSid, authToken } = credentials;
    const url = `${origin}${ROUTES.recordingStatus}`;
    const parameters = { ...statusParameters(), ...of, AccountSid, RecordingStatus };
    const signature = getExpectedTwilioSignature(authToken, url, parameters);
    return post(url, { ...FORM, 'X-Twilio-Signature': signature }, formOf(parameters));
  };
  const command = async (callSid: string, action: string) => {
    const url = `${origin}/calls/${callSid}/recording`;
    const body = JSON.stringify({ action });
    return post(url, await signHeaders('POST', url, { key: operators.controller, body }), body);
  };
  const application = simulator.hostApplication(APPLICATION);
  const voiceUrl = cloud.voiceUrl(application);
  const call = (script: Partial<CallScript>): string =>
    simulator.placeCall({ ...NUMBERS, voiceUrl, talkMs: 40 * MINUTE, ...script }).sid;
  // Late enough for a recording to run when the second one is pressed.
  const press = (...keys: readonly Key[]) => keys.map((key) => [{ key, afterMs: 1_200 }]);

  const story = async (): Promise<void> => {
    await forgedWebhook();
    cloud.setSecretValue(secretValue(credentials));
    await sleep(MINUTE);
    await forgedWebhook();
    await callback('completed');
    await callback('absent');
    await callback('failed', { RecordingSid: `RE${'f'.repeat(32)}`, ErrorCode: '16105' });
    call({ voiceUrl: `${cloud.voiceUrl()}/corrupt` });
    call({ hangUpAfterMs: 100 });
    // Too short for a recording with audio, at least one of them.
    for (const talkMs of [900, 1_200, 1_500]) call({ talkMs });

    twilio.refuse('DeleteRecording', 403);
    call({ voiceUrl: asking.voiceUrl(application), keys: press(YES, optOutKey) });
    await sleep(MINUTE);
    twilio.carryOutLate('CreateCallRecording');
    call({});
    await sleep(MINUTE);

    const abandoned = call({});
    aws.crash(abandoned, 'twilio');
    await sleep(1_500);
    aws.crash(abandoned, 'table');
    await sleep(10 * MINUTE);
    aws.recover();

    const paused = call({});
    await sleep(MINUTE);
    await command(paused, 'pause');
    twilio.refuse('UpdateCallRecording', 400);
    await command(paused, 'stop');
    twilio.recover();
    // Longer than a pause may last.
    await sleep(12 * MINUTE);
    await command(paused, 'pause');
    twilio.loseAnswers('UpdateCallRecording');
    await command(paused, 'resume');
    await sleep(12 * MINUTE);
  };
  await time.settle(story());
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Does an operation wrongly for as long as it is told to. */
function switchableTwilio() {
  const received = new Map<string, AnswerFault>();
  const late = new Set<string | number>();
  const faults: Faults = {
    ...NO_FAULTS,
    requestReceived: ({ operation, requestId }) => {
      if (!late.delete(operation)) return received.get(operation) ?? {};
      late.add(requestId);
      return { delayMs: LATE_MS };
    },
    requestProcessed: ({ requestId }) => (late.has(requestId) ? { reset: true } : {}),
  };
  return {
    faults,
    refuse: (operation: string, httpStatus: number) =>
      received.set(operation, { replacement: { httpStatus, code: 20001, message: 'No' } }),
    loseAnswers: (operation: string) => received.set(operation, { reset: true }),
    /** The next one. */
    carryOutLate: (operation: string) => late.add(operation),
    recover: () => received.clear(),
  };
}

/** Lets functions die before what they do for a call. */
function switchableAws() {
  const crashing = new Map<EffectTarget, string>();
  const faults: CloudFaults = {
    ...NO_CLOUD_FAULTS,
    effect: (target, subject) => (crashing.get(target) === subject ? 'crash-before' : 'none'),
  };
  return {
    faults,
    crash: (callSid: string, target: EffectTarget) => crashing.set(target, callSid),
    recover: () => crashing.clear(),
  };
}
