import { runCall } from './call-flow.ts';
import { systemClock } from './clock.ts';
import type { SimulatorEvent } from './events.ts';
import { pressKey } from './gather.ts';
import { HostedApplications } from './hosted-application.ts';
import { HttpServer } from './http-server.ts';
import { HttpTransport } from './http-transport.ts';
import type { Key } from './keys.ts';
import type { ServerlessOptions, ServerOptions } from './options.ts';
import type { NumberConfiguration } from './phone-number.ts';
import { answerRest } from './rest/answer.ts';
import type { CallScript } from './script.ts';
import { addCall } from './switchboard.ts';
import type { AnswerOfTwilio, RequestToTwilio } from './transport.ts';
import type { SimulatedCall } from './truth.ts';
import { WaitCancelled } from './waiting.ts';
import { World } from './world.ts';

export { type Clock, systemClock } from './clock.ts';
export type { HangUpBy, SimulatorEvent } from './events.ts';
export type { AnswerFault, CallbackInfo, Faults, RecordingInfo, RestRequestInfo } from './faults.ts';
export { isKey, type Key } from './keys.ts';
export {
  type Account,
  type Behaviour,
  type Credentials,
  DEFAULT_BEHAVIOUR,
  DEFAULT_NETWORK,
  type Network,
  type ServerlessOptions,
  type ServerOptions,
  type SimulatorOptions,
} from './options.ts';
export type { NumberConfiguration } from './phone-number.ts';
export type { Distribution } from './random.ts';
export type { CallScript, DialledParty, ForeignRecording, KeyPress } from './script.ts';
export type * from './transport.ts';
export type * from './truth.ts';

/** A simulated Twilio on this machine: a phone network, voice webhooks, and the REST API of calls, recordings and numbers. */
export class TwilioSimulator implements AsyncDisposable {
  /** Base URL of the REST API, without a trailing slash. */
  readonly url: string;
  readonly #world: World;
  readonly #applications: HostedApplications;
  readonly #close: () => Promise<void>;

  private constructor(world: World, url: string, close: () => Promise<void>) {
    this.#world = world;
    this.url = url;
    this.#applications = new HostedApplications(world, url);
    this.#close = close;
  }

  /** Listens on 127.0.0.1. */
  static async start(options: ServerOptions): Promise<TwilioSimulator> {
    const clock = options.clock ?? systemClock;
    const transport = new HttpTransport(clock);
    const world = new World(options, clock, options.transport ?? transport);
    const server = await HttpServer.listen(options.port ?? 0);
    const simulator = new TwilioSimulator(world, server.url, () => {
      transport.close();
      return server.close();
    });
    server.serve(
      (message) => simulator.request(message),
      (answering) => world.activities.track(answering),
    );
    return simulator;
  }

  /** Without any socket: requests come by {@link TwilioSimulator.request} and leave by the transport given. */
  static withoutServer(options: ServerlessOptions): TwilioSimulator {
    const world = new World(options, options.clock ?? systemClock, options.transport);
    return new TwilioSimulator(world, options.url, () => Promise.resolve());
  }

  /**
   * Answers a request to the REST API or to a hosted application; resolves to `undefined` where the client would see
   * its connection reset. Nobody need wait for the answer: a request that arrived is processed.
   */
  async request(message: RequestToTwilio): Promise<AnswerOfTwilio | undefined> {
    if (this.#applications.serves(message.url)) return this.#applications.answer(message);
    const answering = answerRest(this.#world, message);
    this.#world.activities.track(answering);
    try {
      return await answering;
    } catch (error) {
      if (error instanceof WaitCancelled) return undefined;
      throw error;
    }
  }

  /** The calls that were placed, by CallSid, and what really happened to them; legs are found in their parents. */
  get calls(): ReadonlyMap<string, SimulatedCall> {
    return this.#world.placedCalls;
  }

  placeCall(script: CallScript): SimulatedCall {
    const call = addCall(this.#world, script);
    this.#world.activities.track(runCall(this.#world, call));
    return call;
  }

  /** Presses a key on the other side's phone, at once; returns whether a `<Gather>` heard it. */
  pressKey(callSid: string, key: Key): boolean {
    const call = this.#world.placedCalls.get(callSid);
    return call !== undefined && pressKey(this.#world, call, key);
  }

  /** Gives the account a number, to list and to configure; returns its SID. */
  addNumber(configuration: NumberConfiguration): string {
    const { numbers } = this.#world;
    const sid = this.#world.numberSid(configuration.phoneNumber);
    const createdAt = this.#world.now();
    numbers.add({ configuration, sid, ordinal: numbers.nextOrdinal, createdAt, updatedAt: createdAt });
    return sid;
  }

  /** What a number is configured with now. */
  number(sid: string): NumberConfiguration | undefined {
    return this.#world.numbers.get(sid)?.configuration;
  }

  /**
   * Signs what is sent from now on with another primary token. REST takes it instead of the old one, as a password
   * of the account; the API key stays as it is. https://www.twilio.com/docs/iam/api/authtoken
   */
  rotateAuthToken(authToken: string): void {
    this.#world.rotateAuthToken(authToken);
  }

  /** Serves TwiML as a number's own application, to signed POSTs only; returns its URL. */
  hostApplication(twiml: string): string {
    return this.#applications.host(twiml);
  }

  /** Returns the function that takes the listener off again. */
  onEvent(listener: (event: SimulatorEvent) => void): () => void {
    this.#world.listeners.add(listener);
    return () => this.#world.listeners.delete(listener);
  }

  /** Resolves once no call is on, and every webhook and callback is delivered or given up. */
  idle(): Promise<void> {
    return this.#world.activities.idle();
  }

  /** Cuts everything short: calls stay as they are, nothing more is sent. */
  async stop(): Promise<void> {
    this.#world.waiting.cancel();
    for (const call of this.#world.calls.inOrder) call.waiting.cancel();
    await this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
