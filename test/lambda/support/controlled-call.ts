import type { ControlDependencies } from '../../../lambda/recording/control.ts';
import { CONTROL_POLICY } from '../../../lambda/recording/control.ts';
import { hasEnded } from '../../../lambda/recording/merge.ts';
import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, notEligible, ok, recordingResource, throttled } from './answers.ts';
import { NOON } from './manual-clock.ts';
import { CALL_SID } from './sids.ts';

/**
 * What befalls one request that changes something. `lost` is never carried out, `unanswered` is, `late` is after nobody
 * waits any more, `failed` is and says that it was not, `broken` is not.
 */
export const FATES = [
  'answered',
  'lost',
  'unanswered',
  'late',
  'failed',
  'broken',
  'busy',
  'throttled',
] as const;
export type UpdateFate = (typeof FATES)[number];

/** Time that a test moves, and what is due when it has come. */
export class DueClock {
  #now = NOON;
  readonly #due: { readonly at: number; readonly run: () => void }[] = [];

  readonly now = (): number => this.#now;

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const item of this.#due.filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at)) {
      this.#due.splice(this.#due.indexOf(item), 1);
      item.run();
    }
  }

  after(milliseconds: number, run: () => void): void {
    this.#due.push({ at: this.#now + milliseconds, run });
  }
}

/** A Twilio with one call in progress, whose recordings do what they are told. */
export class ControlledCall {
  readonly recordings: TwilioRecording[] = [];
  readonly clock: DueClock;
  /** The most recordings that ever ran at once. */
  atOnce = 0;
  isLive = true;
  #fates: UpdateFate[];

  constructor(clock: DueClock, fates: readonly UpdateFate[] = []) {
    this.clock = clock;
    this.#fates = [...fates];
  }

  statusOf(recordingSid: string): string | undefined {
    return this.recordings.find(({ sid }) => sid === recordingSid)?.status;
  }

  begin(): TwilioRecording {
    const recording = recordingResource({
      sid: `RE${String(this.recordings.length + 1).padStart(32, '0')}`,
      start_time: new Date(this.clock.now()).toUTCString(),
    });
    this.recordings.push(recording);
    this.atOnce = Math.max(this.atOnce, this.recordings.filter(({ status }) => !hasEnded(status)).length);
    return recording;
  }

  /** From now on each request is answered. */
  befallNothing(): void {
    this.#fates = [];
  }

  hangUp(): void {
    this.isLive = false;
    for (const recording of this.recordings.filter(({ status }) => !hasEnded(status))) {
      this.#set(recording.sid, 'completed');
    }
  }

  readonly api: ControlDependencies['twilio'] = {
    fetchCall: async () =>
      ok({
        sid: CALL_SID,
        status: this.isLive ? 'in-progress' : 'completed',
        end_time: null,
        direction: 'inbound',
      }),
    // Twilio shows no pause.
    listRecordings: async () =>
      ok(this.recordings.map((it) => (hasEnded(it.status) ? it : { ...it, status: 'processing' }))),
    // One that is carried out late is for verify to find.
    createRecording: async () =>
      this.#meet(() => (this.isLive ? ok(this.begin()) : notEligible), { late: 'lost' }),
    updateRecording: async (_callSid, recordingSid, { Status }) =>
      this.#meet(() => {
        const status = this.statusOf(recordingSid);
        return status === undefined || hasEnded(status) ? notEligible : ok(this.#set(recordingSid, Status));
      }),
  };

  #set(recordingSid: string, status: string): TwilioRecording {
    const index = this.recordings.findIndex(({ sid }) => sid === recordingSid);
    const recording = recordingResource({ ...this.recordings[index], status });
    this.recordings[index] = recording;
    return recording;
  }

  #meet<T>(
    carryOut: () => TwilioAnswer<T>,
    instead: Partial<Record<UpdateFate, UpdateFate>> = {},
  ): TwilioAnswer<T> {
    const fate = this.#fates.shift() ?? 'answered';
    switch (instead[fate] ?? fate) {
      case 'answered':
        return carryOut();
      case 'lost':
        return noAnswer;
      case 'unanswered':
        carryOut();
        return noAnswer;
      case 'late':
        this.clock.after(CONTROL_POLICY.settle - 1, carryOut);
        return noAnswer;
      case 'failed':
        carryOut();
        return errorAnswer(500, 20500);
      case 'broken':
        return errorAnswer(503);
      case 'busy':
        return errorAnswer(408, 16114);
      case 'throttled':
        return throttled();
    }
  }
}
