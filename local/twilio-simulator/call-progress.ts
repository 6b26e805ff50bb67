import type { Call } from './call.ts';
import type { HangUpBy } from './events.ts';
import { endRecordingsOf, startRecording, stopRecording } from './recorder.ts';
import type { ForeignRecording } from './script.ts';
import type { CallStatus } from './truth.ts';
import type { RecordingAttributes } from './twiml.ts';
import type { World } from './world.ts';

export function changeStatus(world: World, call: Call, status: CallStatus): void {
  const now = world.now();
  call.setStatus(status, now, now + call.dice.draw('statusLag', world.network.statusLagMs));
  world.emit({ type: 'call-status', callSid: call.sid, status });
}

/** Picks up, which takes a moment; nothing happens if the call is answered already. */
export async function answer(world: World, call: Call): Promise<void> {
  if (call.answeredAt !== undefined) return;
  await call.waiting.for(call.dice.draw('answer', world.network.answerMs));
  connect(world, call);
}

/** From now on the call is in progress and can be recorded. */
export function connect(world: World, call: Call): void {
  call.answeredAt = world.now();
  call.eligibleAt = call.answeredAt;
  changeStatus(world, call, 'in-progress');
  for (const attributes of call.heldRecordings.splice(0)) startTwimlRecording(world, call, attributes);
  if (call.parent !== undefined) return;
  const { talkMs, foreignRecordings = [] } = call.script;
  if (talkMs !== undefined) hangUpAfter(world, call, talkMs, 'caller');
  for (const recording of foreignRecordings) world.activities.track(recordForeignly(world, call, recording));
}

async function recordForeignly(
  world: World,
  call: Call,
  { startsAfterMs, stopsAfterMs, source, channels }: ForeignRecording,
): Promise<void> {
  await call.waiting.for(startsAfterMs);
  const recording = startRecording(world, call, {
    source,
    foreign: true,
    channels,
    track: 'both',
    trim: 'do-not-trim',
    statusCallback: undefined,
  });
  if (stopsAfterMs === undefined) return;
  await call.waiting.for(stopsAfterMs);
  if (recording.active) stopRecording(world, recording, 'script');
}

export function startTwimlRecording(world: World, call: Call, attributes: RecordingAttributes): void {
  const { name, channels, track, trim, callbackUrl, callbackMethod, callbackEvents } = attributes;
  startRecording(world, call, {
    source: 'StartCallRecordingTwiML',
    foreign: false,
    name,
    channels,
    track,
    trim,
    statusCallback:
      callbackUrl === undefined
        ? undefined
        : { url: callbackUrl, method: callbackMethod, events: callbackEvents },
  });
}

export function hangUpAfter(world: World, call: Call, ms: number, by: HangUpBy): void {
  world.activities.track(call.waiting.for(ms).then(() => hangUp(world, call, by)));
}

/** Ends the call for both sides. One that was never answered is `no-answer`, unless `unansweredStatus` says else. */
export function hangUp(
  world: World,
  call: Call,
  by: HangUpBy,
  unansweredStatus: CallStatus = 'no-answer',
): void {
  if (call.ended) return;
  world.emit({ type: 'hang-up', callSid: call.sid, by });
  end(world, call, call.answeredAt === undefined ? unansweredStatus : 'completed');
}

function end(world: World, call: Call, status: CallStatus): void {
  call.endedAt = world.now();
  world.endedCalls.push(call);
  changeStatus(world, call, status);
  endRecordingsOf(world, call);
  for (const leg of call.dialledLegs) hangUp(world, leg, 'caller', 'canceled');
  call.waiting.cancel();
}
