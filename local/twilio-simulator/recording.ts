import type { Call } from './call.ts';
import type { Listed } from './register.ts';
import type { CallbackDelivery, RecordingStatus, SimulatedRecording } from './truth.ts';

/** What a recording is started with. */
export type RecordingSettings = Pick<
  SimulatedRecording,
  'source' | 'foreign' | 'channels' | 'track' | 'trim' | 'statusCallback'
> & {
  /** The name by which TwiML's `<Stop>` finds it. */
  readonly name?: string | undefined;
};

export type EndedBy = NonNullable<SimulatedRecording['endedBy']>;

/** A pause with `skip` is cut out of the file, one with `silence` stays in it as dead air. */
export type PauseBehavior = 'skip' | 'silence';

/** The state of one recording. What happens to it is in `recorder.ts`. */
export class Recording implements SimulatedRecording, Listed {
  readonly sid: string;
  readonly ordinal: number;
  readonly call: Call;
  readonly settings: RecordingSettings;
  readonly startedAt: number;
  /** From then on lists show it. */
  readonly listedAt: number;
  readonly callbacks: CallbackDelivery[] = [];
  status: RecordingStatus = 'in-progress';
  updatedAt: number;
  endedAt: number | undefined;
  endedBy: SimulatedRecording['endedBy'];
  pauses = 0;
  durationSeconds: number | undefined;
  errorCode: number | undefined;
  #skippedMs = 0;
  #skippingSince: number | undefined;

  constructor(
    { sid, ordinal }: Listed,
    call: Call,
    settings: RecordingSettings,
    now: number,
    listedAt: number,
  ) {
    this.sid = sid;
    this.ordinal = ordinal;
    this.call = call;
    this.settings = settings;
    this.startedAt = now;
    this.updatedAt = now;
    this.listedAt = listedAt;
  }

  get callSid(): string {
    return this.call.sid;
  }

  get source() {
    return this.settings.source;
  }

  get foreign() {
    return this.settings.foreign;
  }

  get channels() {
    return this.settings.channels;
  }

  get track() {
    return this.settings.track;
  }

  get trim() {
    return this.settings.trim;
  }

  get statusCallback() {
    return this.settings.statusCallback;
  }

  get active(): boolean {
    return this.status === 'in-progress' || this.status === 'paused';
  }

  pause(behavior: PauseBehavior, now: number): void {
    this.#endSkip(now);
    this.pauses += 1;
    if (behavior === 'skip') this.#skippingSince = now;
    this.#setStatus('paused', now);
  }

  resume(now: number): void {
    this.#endSkip(now);
    this.#setStatus('in-progress', now);
  }

  end(endedBy: EndedBy, now: number): void {
    this.#endSkip(now);
    this.endedAt = now;
    this.endedBy = endedBy;
    this.#setStatus(endedBy === 'call' ? 'processing' : 'stopped', now);
  }

  /** Length of the file in milliseconds, once it ended. */
  get lengthMs(): number {
    return (this.endedAt ?? this.startedAt) - this.startedAt - this.#skippedMs;
  }

  complete(now: number): void {
    this.durationSeconds = Math.floor(this.lengthMs / 1_000);
    this.#setStatus('completed', now);
  }

  discard(errorCode: number, now: number): void {
    this.errorCode = errorCode;
    this.#setStatus('absent', now);
  }

  delete(now: number): void {
    this.#setStatus('deleted', now);
  }

  #endSkip(now: number): void {
    if (this.#skippingSince === undefined) return;
    this.#skippedMs += now - this.#skippingSince;
    this.#skippingSince = undefined;
  }

  #setStatus(status: RecordingStatus, now: number): void {
    this.status = status;
    this.updatedAt = now;
  }
}
