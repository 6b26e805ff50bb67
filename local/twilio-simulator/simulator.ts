import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCall } from './call-flow.ts';
import type { SimulatorEvent } from './events.ts';
import { HostedApplications } from './hosted-application.ts';
import type { SimulatorOptions } from './options.ts';
import { serveRest } from './rest/server.ts';
import type { CallScript } from './script.ts';
import { addCall } from './switchboard.ts';
import type { SimulatedCall } from './truth.ts';
import { World } from './world.ts';

export { type Clock, systemClock } from './clock.ts';
export type { HangUpBy, SimulatorEvent } from './events.ts';
export type { AnswerFault, CallbackInfo, Faults, RestRequestInfo } from './faults.ts';
export {
  type Behaviour,
  type Credentials,
  DEFAULT_BEHAVIOUR,
  DEFAULT_NETWORK,
  type Network,
  type SimulatorOptions,
} from './options.ts';
export type { Distribution } from './random.ts';
export type { CallScript, DialledParty } from './script.ts';
export type * from './truth.ts';

/** A socket kept open for longer than any client keeps it: none is ever closed under a request. */
const KEEP_ALIVE_MS = 120_000;
/** Thousands of calls may begin in the same moment; a connection that finds no room is only tried again after 1 s. */
const BACKLOG = 4_096;

/** A simulated Twilio on this machine: a phone network, voice webhooks, and the Calls and Recordings REST API. */
export class TwilioSimulator implements AsyncDisposable {
  /** Base URL of the REST API, without a trailing slash. */
  readonly url: string;
  readonly #world: World;
  readonly #server: Server;
  readonly #applications: HostedApplications;

  private constructor(world: World, server: Server, url: string) {
    this.#world = world;
    this.#server = server;
    this.url = url;
    this.#applications = new HostedApplications(world, url);
    server.on('request', (incoming, outgoing) => {
      const served = this.#applications.serves(incoming.url ?? '')
        ? this.#applications.serve(incoming, outgoing)
        : serveRest(world, incoming, outgoing);
      world.activities.track(
        served.catch((error: unknown) => {
          // A client that went away before it had sent all of its request.
          if (incoming.complete) throw error;
        }),
      );
    });
  }

  /** Listens on 127.0.0.1. */
  static async start(options: SimulatorOptions): Promise<TwilioSimulator> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    server.listen({ port: options.port ?? 0, host: '127.0.0.1', backlog: BACKLOG });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new TwilioSimulator(new World(options), server, `http://127.0.0.1:${port}`);
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
    for (const call of this.#world.calls.values()) call.waiting.cancel();
    this.#world.agent.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
