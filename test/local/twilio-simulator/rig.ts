import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  type CallScript,
  type Credentials,
  type Network,
  type ServerOptions,
  type SimulatorEvent,
  TwilioSimulator,
} from '../../../local/twilio-simulator/simulator.ts';
import { ManualClock } from './manual-clock.ts';
import { twilioClient } from './validating-client.ts';

export const CREDENTIALS: Credentials = {
  accountSid: `AC${'a'.repeat(32)}`,
  authToken: 'the-auth-token',
  apiKeySid: `SK${'b'.repeat(32)}`,
  apiKeySecret: 'the-secret',
};

/** No latency but the ones that a state depends on. */
export const STILL_NETWORK: Network = {
  requestMs: 0,
  responseMs: 0,
  webhookMs: 0,
  duplicateMs: 50,
  callbackMs: 100,
  answerMs: 250,
  processingMs: 300,
  statusLagMs: 0,
  listLagMs: 0,
};

export const NUMBERS = { from: '+14155550100', to: '+14155550199' };

/** A simulator whose time the test moves, and the real client for it. */
export class Rig implements AsyncDisposable {
  readonly simulator: TwilioSimulator;
  readonly clock: ManualClock;
  readonly events: SimulatorEvent[] = [];
  readonly client: ReturnType<typeof twilioClient>;
  #inFlight = 0;

  private constructor(simulator: TwilioSimulator, clock: ManualClock) {
    this.simulator = simulator;
    this.clock = clock;
    this.client = twilioClient(simulator.url, CREDENTIALS);
    simulator.onEvent((event) => {
      this.events.push(event);
      if (event.type === 'webhook-sent' || event.type === 'callback-sent') this.#inFlight += 1;
      if (event.type === 'webhook-answered' || event.type === 'callback-answered') this.#inFlight -= 1;
    });
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<Rig> {
    const clock = new ManualClock();
    const network = { ...STILL_NETWORK, ...options.network };
    const settings = { seed: 1, credentials: CREDENTIALS, clock, ...options, network };
    return new Rig(await TwilioSimulator.start(settings), clock);
  }

  place(script: Partial<CallScript> & { voiceUrl: string }) {
    return this.simulator.placeCall({ ...NUMBERS, ...script });
  }

  /** An incoming call that is answered at once and goes on until its caller hangs up. */
  async answeredCall(script: Partial<CallScript> = {}) {
    const voiceUrl = this.simulator.hostApplication('<Response><Say/><Pause length="600"/></Response>');
    const call = this.place({ voiceUrl, ...script });
    await this.until(() => call.status === 'in-progress');
    return call;
  }

  /** Moves time on until the condition holds; time stands still while a webhook or a callback is in flight. */
  async until(condition: () => boolean): Promise<void> {
    for (;;) {
      await this.settled();
      if (condition()) return;
      if (!this.clock.next()) throw new Error('nothing more will happen');
    }
  }

  async pass(ms: number): Promise<void> {
    const limit = this.clock.now() + ms;
    await this.settled();
    while (this.clock.next(limit)) await this.settled();
    this.clock.moveTo(limit);
  }

  async finish(): Promise<void> {
    const idle = this.simulator.idle().then(() => true);
    let done = false;
    idle.then(() => {
      done = true;
    });
    await this.until(() => done);
  }

  /** What happened so far, as the types of the events about calls. */
  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  async settled(): Promise<void> {
    do {
      if (this.#inFlight > 0) await setTimeout(1);
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    } while (this.#inFlight > 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.simulator.stop();
  }
}

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Record<string, string>;
}

type Reply = { status?: number; type?: string; body?: string; location?: string } | 'no answer';

/** Somebody's server that Twilio calls: `reply` decides, `received` tells. */
export class WebhookServer implements AsyncDisposable {
  readonly received: ReceivedRequest[] = [];
  readonly url: string;
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>, reply: (request: ReceivedRequest) => Reply) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (incoming, outgoing) => {
      const params = Object.fromEntries(new URLSearchParams(await text(incoming)));
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, params };
      this.received.push(request);
      const answer = reply(request);
      if (answer === 'no answer') return;
      const { status = 200, type = 'text/xml', body = '', location } = answer;
      outgoing.writeHead(status, { 'Content-Type': type, ...(location && { Location: location }) }).end(body);
    });
  }

  static async start(reply: (request: ReceivedRequest) => Reply): Promise<WebhookServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookServer(server, reply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
