import { rfc2822 } from './dates.ts';
import { deliver } from './delivery.ts';
import type { Recording } from './recording.ts';
import { API_VERSION } from './rest/api-version.ts';
import type { DeliveryAttempt, RecordingEvent, StatusCallback } from './truth.ts';
import type { World } from './world.ts';

/** Sends a status callback, where subscribed, as often as the faults have it. */
export function sendRecordingCallback(world: World, recording: Recording, event: RecordingEvent): void {
  const { statusCallback, callSid, sid } = recording;
  if (!statusCallback?.events.includes(event)) return;
  // Both are drawn now, so that they do not depend on which callback leaves first.
  const delay = recording.call.dice.draw('callback', world.network.callbackMs);
  const params = callbackParams(world, recording, event);
  const copies = world.faults.callbackDue({ callSid, recordingSid: sid, recordingStatus: event });
  for (const extraDelay of copies) {
    const idempotencyToken = recording.call.dice.uuid('callbackToken');
    world.activities.track(
      world.waiting
        .for(delay + extraDelay)
        .then(() => sendOnce(world, recording, event, statusCallback, params, idempotencyToken)),
    );
  }
}

async function sendOnce(
  world: World,
  recording: Recording,
  event: RecordingEvent,
  { url, method }: StatusCallback,
  params: Record<string, string>,
  idempotencyToken: string,
): Promise<void> {
  const attempts: DeliveryAttempt[] = [];
  const delivery = { recordingStatus: event, url, attempts, delivered: false };
  recording.callbacks.push(delivery);
  const about = { callSid: recording.callSid, recordingSid: recording.sid, recordingStatus: event, url };
  const outcome = await deliver(world, {
    url,
    method,
    params,
    idempotencyToken,
    onSent: (attempt) => world.emit({ type: 'callback-sent', ...about, attempt }),
    onAnswered: (attempt, result) => {
      attempts.push(result);
      const { httpStatus, failure, ms } = result;
      world.emit({ type: 'callback-answered', ...about, attempt, httpStatus, failure, ms });
    },
  });
  delivery.delivered = 'httpStatus' in outcome && outcome.httpStatus >= 200 && outcome.httpStatus < 300;
}

/**
 * https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback. `RecordingUrl` names Twilio's own host as
 * the real one does; `ErrorCode` is `0` on success, as seen on the wire.
 */
function callbackParams(world: World, recording: Recording, event: RecordingEvent): Record<string, string> {
  const { accountSid } = world.credentials;
  return {
    AccountSid: accountSid,
    CallSid: recording.callSid,
    RecordingSid: recording.sid,
    RecordingUrl: `https://api.twilio.com/${API_VERSION}/Accounts/${accountSid}/Recordings/${recording.sid}`,
    RecordingStatus: event,
    ...(event === 'completed' && { RecordingDuration: String(recording.durationSeconds) }),
    RecordingChannels: String(recording.channels),
    RecordingStartTime: rfc2822(recording.startedAt),
    RecordingSource: recording.source,
    RecordingTrack: recording.track,
    ErrorCode: String(recording.errorCode ?? 0),
  };
}
