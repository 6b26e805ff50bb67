import { setTimeout as sleep } from 'node:timers/promises';
import { callPhase } from '../../lambda/recording/classify.ts';
import type { TwilioApi } from '../../lambda/twilio/api.ts';

/** Tries to start a call's recording, from the moment at which its TwiML went out. */
export type Policy = (
  twilio: TwilioApi,
  callSid: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<void>;

/** Creates after each of these pauses in ms, until one succeeds. */
const afterPauses =
  (...pauses: number[]): Policy =>
  async (twilio, callSid, parameters) => {
    for (const pause of pauses) {
      await sleep(pause);
      if ((await twilio.createRecording(callSid, parameters)).kind === 'ok') {
        return;
      }
    }
  };

/** Asks for the call's status every second, and creates once it is in progress. */
const pollStatus: Policy = async (twilio, callSid, parameters) => {
  for (let second = 0; second < 60; second++) {
    await sleep(1_000);
    const call = await twilio.fetchCall(callSid);
    const phase = call.kind === 'ok' ? callPhase(call.body.status) : 'before-answer';
    if (phase === 'ended') {
      return;
    }
    if (phase === 'in-progress' && (await twilio.createRecording(callSid, parameters)).kind === 'ok') {
      return;
    }
  }
};

/** Policies that public code uses. */
export const POLICIES: Readonly<Record<string, Policy>> = {
  '4 s, once': afterPauses(4_000),
  '2 s, then exponential': afterPauses(2_000, 2_000, 4_000, 8_000, 16_000),
  '1 s, one retry': afterPauses(1_000, 1_000),
  '300/600/900 ms': afterPauses(0, 300, 600, 900),
  'status every second': pollStatus,
};
