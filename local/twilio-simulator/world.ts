import { Activities } from './activities.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { EventDetails, SimulatorEvent } from './events.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import {
  type Account,
  type Behaviour,
  type Credentials,
  DEFAULT_ACCOUNT,
  DEFAULT_BEHAVIOUR,
  DEFAULT_NETWORK,
  type Network,
  type SimulatorOptions,
} from './options.ts';
import type { PhoneNumber } from './phone-number.ts';
import { Dice } from './random.ts';
import type { Recording } from './recording.ts';
import { Register } from './register.ts';
import type { Transport } from './transport.ts';
import { Waiting } from './waiting.ts';

/** What all parts of the simulated Twilio share. */
export class World {
  readonly seed: number;
  /** Tokens that signed requests which may still be under way. */
  readonly formerAuthTokens: string[] = [];
  #credentials: Credentials;
  readonly account: Account;
  readonly clock: Clock;
  readonly network: Network;
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  readonly transport: Transport;
  readonly activities = new Activities();
  /** Waits that belong to no call's line: callbacks, processing, REST latencies. */
  readonly waiting: Waiting;
  /** The draws of REST requests that concern no single call. */
  readonly dice: Dice;
  readonly placedCalls = new Map<string, Call>();
  /** The placed calls and the legs that they dialled. */
  readonly calls = new Register<Call>();
  /** Those that are on, and some that just ended; in the order of their creation. */
  readonly liveCalls = new Set<Call>();
  /** In the order in which they ended. */
  readonly endedCalls: Call[] = [];
  readonly recordings = new Register<Recording>();
  readonly numbers = new Register<PhoneNumber>();
  readonly #numberSids = new Map<string, string>();
  /** How many REST requests arrived. */
  requests = 0;
  readonly listeners = new Set<(event: SimulatorEvent) => void>();

  constructor(options: SimulatorOptions, clock: Clock, transport: Transport) {
    this.seed = options.seed;
    this.#credentials = options.credentials;
    this.account = { ...DEFAULT_ACCOUNT, ...options.account };
    this.clock = clock;
    this.transport = transport;
    this.network = { ...DEFAULT_NETWORK, ...options.network };
    this.behaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
    this.faults = { ...NO_FAULTS, ...options.faults };
    this.waiting = new Waiting(this.clock);
    this.dice = new Dice(this.seed, 'account');
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  rotateAuthToken(authToken: string): void {
    this.formerAuthTokens.push(this.#credentials.authToken);
    this.#credentials = { ...this.#credentials, authToken };
  }

  now(): number {
    return this.clock.now();
  }

  /** The SID of a phone number. */
  numberSid(phoneNumber: string): string {
    let sid = this.#numberSids.get(phoneNumber);
    if (sid === undefined) {
      sid = new Dice(this.seed, phoneNumber).sid('PN');
      this.#numberSids.set(phoneNumber, sid);
    }
    return sid;
  }

  /** @param details made for this event alone: its time is put on them */
  emit(details: EventDetails): void {
    const event: SimulatorEvent = Object.assign(details, { at: this.now() });
    for (const listener of this.listeners) listener(event);
  }
}
