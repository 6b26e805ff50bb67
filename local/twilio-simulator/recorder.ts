import type { Call } from './call.ts';
import { type EndedBy, type PauseBehavior, Recording, type RecordingSettings } from './recording.ts';
import { sendRecordingCallback } from './recording-callback.ts';
import type { World } from './world.ts';

export function startRecording(world: World, call: Call, settings: RecordingSettings): Recording {
  const now = world.now();
  const sid = call.dice.sid('RE');
  const listLagMs =
    call.dice.draw('listLag', world.network.listLagMs) +
    world.faults.listLagMs({ callSid: call.sid, recordingSid: sid });
  const identity = { sid, ordinal: world.recordings.nextOrdinal };
  const recording = new Recording(identity, call, settings, now, now + listLagMs);
  call.recordings.push(recording);
  world.recordings.add(recording);
  world.emit({
    type: 'recording-started',
    callSid: call.sid,
    recordingSid: recording.sid,
    source: recording.source,
  });
  sendRecordingCallback(world, recording, 'in-progress');
  const stoppedAfterMs = recording.foreign
    ? undefined
    : world.faults.stoppedAfterMs({ callSid: call.sid, recordingSid: sid });
  if (stoppedAfterMs !== undefined) world.activities.track(stopByOthers(world, recording, stoppedAfterMs));
  return recording;
}

async function stopByOthers(world: World, recording: Recording, afterMs: number): Promise<void> {
  await recording.call.waiting.for(afterMs);
  if (recording.active) stopRecording(world, recording, 'others');
}

/** Pausing and resuming send no callback: none of its events stands for them. */
export function pauseRecording(world: World, recording: Recording, behavior: PauseBehavior): void {
  recording.pause(behavior, world.now());
  world.emit({ type: 'recording-paused', callSid: recording.callSid, recordingSid: recording.sid });
}

export function resumeRecording(world: World, recording: Recording): void {
  recording.resume(world.now());
  world.emit({ type: 'recording-resumed', callSid: recording.callSid, recordingSid: recording.sid });
}

export function stopRecording(world: World, recording: Recording, by: Exclude<EndedBy, 'call'>): void {
  endRecording(world, recording, by);
}

export function endRecordingsOf(world: World, call: Call): void {
  for (const recording of call.recordings) if (recording.active) endRecording(world, recording, 'call');
}

function endRecording(world: World, recording: Recording, by: EndedBy): void {
  recording.end(by, world.now());
  world.emit({ type: 'recording-ended', callSid: recording.callSid, recordingSid: recording.sid });
  world.activities.track(finish(world, recording));
}

async function finish(world: World, recording: Recording): Promise<void> {
  const { dice, script } = recording.call;
  await world.waiting.for(dice.draw('processing', world.network.processingMs));
  const now = world.now();
  if (recording.lengthMs < world.behaviour.minimumRecordingMs) recording.discard(16101, now);
  // 16102 is documented as "silent, with auto-delete": taken to be what trimming leaves of a call without a word.
  else if (script.silent && recording.trim === 'trim-silence') recording.discard(16102, now);
  else recording.complete(now);
  world.emit({
    type: 'recording-finished',
    callSid: recording.callSid,
    recordingSid: recording.sid,
    status: recording.status,
    errorCode: recording.errorCode,
  });
  sendRecordingCallback(world, recording, recording.status === 'completed' ? 'completed' : 'absent');
}
