import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import type { AnswerOfTwilio, RequestToTwilio } from './transport.ts';
import type { World } from './world.ts';

const PATH = /^\/application\/(\d+)$/;

/** The applications that numbers had before a recorder was put in front: fixed TwiML, for signed POSTs only. */
export class HostedApplications {
  readonly #world: World;
  readonly #baseUrl: string;
  readonly #documents: string[] = [];

  constructor(world: World, baseUrl: string) {
    this.#world = world;
    this.#baseUrl = baseUrl;
  }

  /** Returns the application's URL. */
  host(twiml: string): string {
    return `${this.#baseUrl}/application/${this.#documents.push(twiml) - 1}`;
  }

  serves(path: string): boolean {
    return PATH.test(path);
  }

  answer({ method, url: path, signature, body }: RequestToTwilio): AnswerOfTwilio {
    const twiml = this.#documents[Number(PATH.exec(path)?.[1])];
    const params = Object.fromEntries(new URLSearchParams(body));
    const url = `${this.#baseUrl}${path}`;
    const { credentials, formerAuthTokens } = this.#world;
    const verified =
      method === 'POST' &&
      signature !== undefined &&
      [credentials.authToken, ...formerAuthTokens].some((token) =>
        validateRequest(token, signature, url, params),
      );
    this.#world.emit({ type: 'application-requested', callSid: params.CallSid ?? '', url, verified });
    if (!verified) return { httpStatus: 403, contentType: undefined, body: undefined };
    if (twiml === undefined) return { httpStatus: 404, contentType: undefined, body: undefined };
    return { httpStatus: 200, contentType: 'text/xml', body: twiml };
  }
}
