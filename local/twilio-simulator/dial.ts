import type { Call } from './call.ts';
import { answer, changeStatus, connect, hangUp } from './call-progress.ts';
import { DEFAULT_DIALLED_PARTY, DEFAULT_DIALLED_TALK_MS } from './script.ts';
import { addLeg } from './switchboard.ts';
import type { Verb } from './twiml.ts';
import { WaitCancelled } from './waiting.ts';
import type { World } from './world.ts';

/**
 * Calls another number and joins it to the call. Resolves once that leg is over, to the parameters of the `action`
 * request. https://www.twilio.com/docs/voice/twiml/dial
 */
export async function dial(
  world: World,
  call: Call,
  { number, seconds, answerOnBridge }: Extract<Verb, { verb: 'Dial' }>,
): Promise<Record<string, string>> {
  if (!answerOnBridge) await answer(world, call);
  const { ringMs, outcome, talkMs = DEFAULT_DIALLED_TALK_MS } = call.script.dialled ?? DEFAULT_DIALLED_PARTY;
  const leg = addLeg(world, call, number);
  changeStatus(world, leg, 'ringing');
  const timedOut = ringMs > seconds * 1_000;
  await call.waiting.race(orOver(leg.waiting.for(timedOut ? seconds * 1_000 : ringMs)));
  if (leg.ended) return parameters(leg, leg.status);
  if (timedOut || outcome !== 'answers') {
    const status = timedOut || outcome === 'answers' ? 'no-answer' : outcome;
    hangUp(world, leg, 'dialled-party', status);
    return parameters(leg, status);
  }
  connect(world, leg);
  await answer(world, call);
  await call.waiting.race(orOver(talk(leg, talkMs)));
  hangUp(world, leg, 'dialled-party');
  return parameters(leg, 'completed');
}

function talk(leg: Call, talkMs: number | 'until-hung-up'): Promise<void> {
  return talkMs === 'until-hung-up' ? leg.waiting.race(new Promise(() => {})) : leg.waiting.for(talkMs);
}

/** A leg that is ended from elsewhere (through the API) ends the `<Dial>`, not the call. */
function orOver(wait: Promise<void>): Promise<void> {
  return wait.catch((error: unknown) => {
    if (!(error instanceof WaitCancelled)) throw error;
  });
}

function parameters(leg: Call, status: string): Record<string, string> {
  const talked = leg.answeredAt === undefined ? 0 : (leg.endedAt ?? leg.answeredAt) - leg.answeredAt;
  return {
    DialCallStatus: status,
    DialCallSid: leg.sid,
    DialCallDuration: String(Math.floor(talked / 1_000)),
  };
}
