import { setImmediate } from 'node:timers/promises';
import {
  type AnswerOfTwilio,
  type CallScript,
  type Credentials,
  type HttpOutcome,
  type HttpRequest,
  type RequestToTwilio,
  type ServerlessOptions,
  TwilioSimulator,
} from '../../../local/twilio-simulator/simulator.ts';
import { ManualClock } from './manual-clock.ts';
import { CREDENTIALS, NUMBERS, STILL_NETWORK } from './rig.ts';

const TWILIO = 'http://twilio.simulated';
const JSON_BODY = 'application/json';

/** What a server answers a webhook with. */
export type Reply = (request: HttpRequest, params: Record<string, string>) => string;

/** A simulator that no socket leads to: a function answers its webhooks, and it is asked directly. */
export class Socketless {
  readonly clock = new ManualClock();
  readonly received: { request: HttpRequest; params: Record<string, string> }[] = [];
  readonly simulator: TwilioSimulator;

  /** `reply` gives the body that webhooks to other servers are answered with. */
  constructor(reply: Reply, options: Partial<ServerlessOptions> = {}) {
    const exchange = async (request: HttpRequest): Promise<HttpOutcome> => {
      if (request.url.startsWith(TWILIO)) return this.#hosted(request);
      const params = Object.fromEntries(new URLSearchParams(request.body));
      this.received.push({ request, params });
      return {
        httpStatus: 200,
        contentType: 'text/xml',
        location: undefined,
        body: reply(request, params),
      };
    };
    this.simulator = TwilioSimulator.withoutServer({
      seed: 1,
      credentials: CREDENTIALS,
      clock: this.clock,
      url: TWILIO,
      transport: { exchange },
      ...options,
      network: { ...STILL_NETWORK, ...options.network },
    });
  }

  place(script: Partial<CallScript> = {}) {
    return this.simulator.placeCall({ ...NUMBERS, voiceUrl: 'https://recorder.example/voice', ...script });
  }

  /** A request to the account's part of the REST API; the body is `undefined` where there was no answer. */
  async rest(
    method: 'GET' | 'POST',
    resource: string,
    form: Record<string, string> = {},
    { apiKeySid, apiKeySecret, accountSid }: Credentials = CREDENTIALS,
  ) {
    const answer = await this.simulator.request({
      method,
      url: `/2010-04-01/Accounts/${accountSid}${resource}`,
      authorization: `Basic ${Buffer.from(`${apiKeySid}:${apiKeySecret}`).toString('base64')}`,
      signature: undefined,
      body: new URLSearchParams(form).toString(),
    });
    if (answer && answer.contentType !== JSON_BODY) throw new Error(`${answer.contentType}`);
    return { httpStatus: answer?.httpStatus, body: answer?.body ? JSON.parse(answer.body) : undefined };
  }

  /** Lets the given time pass, timer by timer. */
  async pass(ms: number): Promise<void> {
    const limit = this.clock.now() + ms;
    do await setImmediate();
    while (this.clock.next(limit));
    this.clock.moveTo(limit);
  }

  async finish(): Promise<void> {
    let done = false;
    this.simulator.idle().then(() => {
      done = true;
    });
    for (;;) {
      await setImmediate();
      if (done) return;
      if (!this.clock.next()) throw new Error('nothing more will happen');
    }
  }

  async #hosted({ url, method, headers, body }: HttpRequest): Promise<HttpOutcome> {
    const request: RequestToTwilio = {
      method,
      url: url.slice(TWILIO.length),
      authorization: undefined,
      signature: headers['X-Twilio-Signature'],
      body: body ?? '',
    };
    const answer: AnswerOfTwilio | undefined = await this.simulator.request(request);
    if (answer === undefined) return { failure: 'reset', reason: 'broken' };
    const { httpStatus, contentType = '', body: document = '' } = answer;
    return { httpStatus, contentType, location: undefined, body: document };
  }
}
