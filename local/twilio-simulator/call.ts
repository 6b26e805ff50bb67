import type { Clock } from './clock.ts';
import type { Key } from './keys.ts';
import type { Dice } from './random.ts';
import type { Recording } from './recording.ts';
import type { Listed } from './register.ts';
import type { CallScript } from './script.ts';
import type { CallStatus, CreateAttempt, KeyPressed, SimulatedCall, WebhookDelivery } from './truth.ts';
import type { RecordingAttributes } from './twiml.ts';
import { Waiting } from './waiting.ts';

/** Whether a call with this status is not over. */
export function isLive(status: string): boolean {
  return status === 'queued' || status === 'ringing' || status === 'in-progress';
}

export interface CallIdentity {
  readonly sid: string;
  readonly ordinal: number;
  readonly accountSid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: SimulatedCall['direction'];
  readonly script: CallScript;
  readonly dice: Dice;
  readonly parent?: Call;
}

/** A `<Gather>` that listens for keys. */
export interface KeyListener {
  readonly actionUrl: string;
  readonly hear: (key: Key) => void;
}

/** The state of one call. What happens to it is in `call-progress.ts` and `call-flow.ts`. */
export class Call implements SimulatedCall, Listed {
  readonly sid: string;
  readonly ordinal: number;
  readonly accountSid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: SimulatedCall['direction'];
  readonly script: CallScript;
  readonly parent: Call | undefined;
  readonly createdAt: number;
  readonly creates: CreateAttempt[] = [];
  readonly recordings: Recording[] = [];
  readonly webhooks: WebhookDelivery[] = [];
  readonly dialledLegs: Call[] = [];
  readonly errorsHeard: string[] = [];
  readonly keysPressed: KeyPressed[] = [];
  readonly dice: Dice;
  /** What the call waits for; cut short when it ends. */
  readonly waiting: Waiting;
  /** `<Start><Recording>`s met before the call was answered. */
  readonly heldRecordings: RecordingAttributes[] = [];
  /** `undefined` while a key would be lost. */
  listener: KeyListener | undefined;
  /** How many `<Gather>`s began to listen. */
  gathers = 0;
  answeredAt: number | undefined;
  eligibleAt: number | undefined;
  endedAt: number | undefined;
  updatedAt: number;
  /** Deleted through the API: REST no longer knows it. */
  deleted = false;
  /** What REST last showed of it, and with what that changes. */
  shown: { readonly status: CallStatus; readonly updatedAt: number; readonly json: string } | undefined;
  readonly #statuses: { readonly status: CallStatus; readonly visibleAt: number }[];

  constructor(identity: CallIdentity, firstStatus: CallStatus, clock: Clock) {
    this.sid = identity.sid;
    this.ordinal = identity.ordinal;
    this.accountSid = identity.accountSid;
    this.from = identity.from;
    this.to = identity.to;
    this.direction = identity.direction;
    this.script = identity.script;
    this.dice = identity.dice;
    this.parent = identity.parent;
    this.createdAt = clock.now();
    this.updatedAt = this.createdAt;
    this.waiting = new Waiting(clock);
    this.#statuses = [{ status: firstStatus, visibleAt: this.createdAt }];
  }

  get parentCallSid(): string | undefined {
    return this.parent?.sid;
  }

  get status(): CallStatus {
    return this.#statuses.at(-1)?.status ?? 'queued';
  }

  get ended(): boolean {
    return this.endedAt !== undefined;
  }

  setStatus(status: CallStatus, now: number, visibleAt: number): void {
    this.#statuses.push({ status, visibleAt });
    this.updatedAt = now;
  }

  /** The status that REST shows: GET of a Call is eventually consistent. */
  statusSeenAt(now: number): CallStatus {
    const last = this.#statuses.at(-1);
    if (last !== undefined && last.visibleAt <= now) return last.status;
    return this.#statuses.findLast(({ visibleAt }) => visibleAt <= now)?.status ?? this.status;
  }

  /** The end that REST shows: none while it shows the call as being on. */
  endSeenAt(now: number): number | undefined {
    return isLive(this.statusSeenAt(now)) ? undefined : this.endedAt;
  }
}
