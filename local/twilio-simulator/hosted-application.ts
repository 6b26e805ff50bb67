import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
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

  async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, headers, url: path = '' } = incoming;
    const twiml = this.#documents[Number(PATH.exec(path)?.[1])];
    const params = Object.fromEntries(new URLSearchParams(await text(incoming)));
    const url = `${this.#baseUrl}${path}`;
    const signature = headers['x-twilio-signature'];
    const verified =
      method === 'POST' &&
      typeof signature === 'string' &&
      validateRequest(this.#world.credentials.authToken, signature, url, params);
    this.#world.emit({ type: 'application-requested', callSid: params.CallSid ?? '', url, verified });
    if (!verified) outgoing.writeHead(403).end();
    else if (twiml === undefined) outgoing.writeHead(404).end();
    else outgoing.writeHead(200, { 'Content-Type': 'text/xml' }).end(twiml);
  }
}
