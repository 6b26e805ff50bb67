import type { StartDependencies } from '../../../lambda/recording/start.ts';
import type { TwilioAnswer, TwilioCall, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { ok } from './answers.ts';
import type { ManualClock } from './manual-clock.ts';
import { CALL_SID } from './sids.ts';

export interface Script {
  readonly creates?: readonly TwilioAnswer<TwilioRecording>[];
  readonly calls?: readonly (TwilioAnswer<TwilioCall> | string)[];
  readonly lists?: readonly TwilioAnswer<readonly TwilioRecording[]>[];
}

type StartTwilio = StartDependencies['twilio'];

export interface ScriptedTwilio extends StartTwilio {
  /** What was asked, in order. */
  readonly requests: ('create' | 'call' | 'list')[];
  /** When it was asked, in milliseconds since the start. */
  readonly times: number[];
  readonly parameters: Readonly<Record<string, string>>[];
}

/** A Twilio that gives each answer of a script in turn, and its last one for ever after. A request takes 100 ms. */
export function scriptedTwilio(script: Script, clock: ManualClock): ScriptedTwilio {
  const requests: ScriptedTwilio['requests'] = [];
  const times: number[] = [];
  const parameters: ScriptedTwilio['parameters'] = [];
  const start = clock.now();

  function answerer<T>(kind: ScriptedTwilio['requests'][number], answers: readonly T[] = []) {
    let given = 0;
    return (callSid: string): T => {
      if (callSid !== CALL_SID) {
        throw new Error(`another call was asked for: ${callSid}`);
      }
      requests.push(kind);
      times.push(clock.now() - start);
      clock.advance(100);
      const answer = answers[Math.min(given++, answers.length - 1)];
      if (answer === undefined) {
        throw new Error(`the script has no answer for a ${kind}`);
      }
      return answer;
    };
  }
  const create = answerer('create', script.creates);
  const call = answerer('call', script.calls);
  const list = answerer('list', script.lists);

  return {
    requests,
    times,
    parameters,
    async createRecording(callSid, form) {
      parameters.push(form);
      return create(callSid);
    },
    async fetchCall(callSid) {
      const answer = call(callSid);
      return typeof answer === 'string' ? ok({ sid: callSid, status: answer, end_time: null }) : answer;
    },
    listRecordings: async (callSid) => list(callSid),
  };
}
