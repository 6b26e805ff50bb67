import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TwilioApi } from '../../lambda/twilio/api.ts';
import type { Policy } from './policies.ts';

/** A voice webhook that answers with TwiML at once and then follows a policy. */
export async function startPolicyWebhook(policy: Policy, twilio: TwilioApi, twiml: string) {
  const server = createServer(async (request, response) => {
    const callSid = new URLSearchParams(await text(request)).get('CallSid') ?? '';
    response.writeHead(200, { 'content-type': 'text/xml' }).end(twiml);
    await policy(twilio, callSid, { RecordingChannels: 'dual' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
