import type { Call } from './call.ts';
import { answer, changeStatus, connect, hangUp, hangUpAfter, startTwimlRecording } from './call-progress.ts';
import { dial } from './dial.ts';
import { gather } from './gather.ts';
import { promptMs } from './prompt.ts';
import { stopRecording } from './recorder.ts';
import { DEFAULT_DIALLED_PARTY } from './script.ts';
import type { InlineVerb } from './twiml.ts';
import { ApplicationError, requestTwiml, type TwimlDocument, type VoiceRequest } from './voice-webhook.ts';
import type { World } from './world.ts';

/** Twilio's own limit. https://www.twilio.com/docs/voice/twiml/dial#timelimit */
const LONGEST_CALL_MS = 4 * 60 * 60 * 1_000;
/** How long "an application error has occurred, goodbye" takes. */
const ERROR_MESSAGE_MS = 4_000;

/** Lets a call happen, from its first ring to its end. */
export async function runCall(world: World, call: Call): Promise<void> {
  const { hangUpAfterMs, voiceUrl, voiceMethod = 'POST' } = call.script;
  hangUpAfter(world, call, LONGEST_CALL_MS, 'time-limit');
  if (hangUpAfterMs !== undefined) hangUpAfter(world, call, hangUpAfterMs, 'caller');
  if (call.direction === 'outbound-api') await reachCallee(world, call);
  if (call.ended) return;
  try {
    await follow(world, call, { kind: 'voice', url: voiceUrl, method: voiceMethod });
    // "Using <Hangup> as the first verb does not prevent Twilio from answering the call": taken to hold for the end
    // of the document too. https://www.twilio.com/docs/voice/twiml/hangup
    await answer(world, call);
  } catch (error) {
    if (!(error instanceof ApplicationError)) throw error;
    await sayApplicationError(world, call, error.message);
  }
  hangUp(world, call, 'twiml');
}

/** The voice webhook of an outgoing call is sent only when the callee has answered. */
async function reachCallee(world: World, call: Call): Promise<void> {
  const { ringMs, outcome } = call.script.dialled ?? DEFAULT_DIALLED_PARTY;
  await call.waiting.for(call.dice.draw('answer', world.network.answerMs));
  changeStatus(world, call, 'ringing');
  await call.waiting.for(ringMs);
  if (outcome === 'answers') connect(world, call);
  else hangUp(world, call, 'carrier', outcome);
}

async function sayApplicationError(world: World, call: Call, reason: string): Promise<void> {
  call.errorsHeard.push(reason);
  world.emit({ type: 'application-error-heard', callSid: call.sid, reason });
  // That the message is heard is documented, not whether the call counts as answered: a recorder is better tested
  // against one that does.
  await answer(world, call);
  await call.waiting.for(ERROR_MESSAGE_MS);
}

/** Carries out a document and all those that follow from it. */
async function follow(world: World, call: Call, first: VoiceRequest): Promise<void> {
  let next: VoiceRequest | undefined = first;
  while (next !== undefined) {
    const document: TwimlDocument = await requestTwiml(world, call, next);
    next = await carryOut(world, call, document);
  }
}

async function carryOut(
  world: World,
  call: Call,
  { url, verbs }: TwimlDocument,
): Promise<VoiceRequest | undefined> {
  for (const verb of verbs) {
    switch (verb.verb) {
      case 'Redirect':
        return { kind: 'redirect', url: resolve(verb.url, url), method: verb.method };
      case 'Dial': {
        const extraParams = await dial(world, call, verb);
        if (verb.action === undefined) break;
        return { kind: 'action', url: resolve(verb.action, url), method: verb.method, extraParams };
      }
      case 'Gather': {
        const actionUrl = resolve(verb.action ?? url, url);
        const extraParams = await gather(world, call, verb, actionUrl);
        if (extraParams === undefined) break;
        return { kind: 'action', url: actionUrl, method: verb.method, extraParams };
      }
      case 'Hangup':
        return undefined;
      case 'Reject':
        hangUp(world, call, 'twiml', 'busy');
        return undefined;
      default:
        await perform(world, call, verb);
    }
  }
  return undefined;
}

/** A verb after which the document goes on. `<Pause>` is the only lasting one that does not pick up. */
async function perform(world: World, call: Call, verb: InlineVerb): Promise<void> {
  switch (verb.verb) {
    case 'Pause':
      return call.waiting.for(promptMs(verb));
    case 'Say':
    case 'Play':
      await answer(world, call);
      return call.waiting.for(promptMs(verb));
    case 'Start':
      if (world.behaviour.startAnswers) await answer(world, call);
      for (const attributes of verb.recordings) {
        if (call.answeredAt === undefined) call.heldRecordings.push(attributes);
        else startTwimlRecording(world, call, attributes);
      }
      return;
    case 'Stop':
      for (const recording of call.recordings) {
        const { source, settings, active } = recording;
        const named = source === 'StartCallRecordingTwiML' && verb.names.includes(settings.name);
        if (named && active) stopRecording(world, recording, 'twiml');
      }
      return;
    case 'Record':
      world.emit({
        type: 'twiml-warning',
        callSid: call.sid,
        message: '<Record> takes a voice message and is not simulated: skipped',
      });
  }
}

/** Relative to the document, but a fragment with connection overrides must survive as it is. */
function resolve(url: string, documentUrl: string): string {
  return /^https?:\/\//i.test(url) ? url : new URL(url, documentUrl).href;
}
